// The table of runs. Only the rows that can be seen are drawn, however many were loaded.

import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IRunRow } from '../jobs';
import { isFinal } from '../rest';
import { Column } from '../ui/column';
import { IconButton } from '../ui/icon_button';
import { Status, statusText } from '../ui/status';
import { RelativeTime, Took } from '../ui/times';
import type { RunsModel } from './model';
import { rowsInView } from './window';

const ROW = 32; // pixels, as in style/tables.css

export function RunTable(props: {
  readonly model: RunsModel;
  readonly trans: TranslationBundle;
  readonly openRun: (id: string) => void;
}): JSX.Element {
  const { model, trans, openRun } = props;
  const scroll = React.useRef<HTMLDivElement>(null);
  const { first, last } = useView(scroll, model.runs.length);
  const rows = model.runs.slice(first, last);
  return (
    <div
      aria-label={trans.__('Table of runs')}
      className="nb2prod-Panel-scroll"
      ref={scroll}
      role="region"
      tabIndex={0}
    >
      <table
        aria-label={trans.__('Runs')}
        aria-rowcount={model.hasOlder ? -1 : model.runs.length + 1}
        className="nb2prod-ListTable nb2prod-RunTable"
      >
        <Head model={model} trans={trans} />
        <tbody>
          <Gap height={first * ROW} />
          {rows.map((run, place) => (
            <Row
              index={first + place + 2}
              isSelected={model.selection.has(run.id)}
              key={run.id}
              model={model}
              openRun={openRun}
              run={run}
              trans={trans}
            />
          ))}
          <Gap height={(model.runs.length - last) * ROW} />
        </tbody>
      </table>
      <Foot model={model} trans={trans} />
    </div>
  );
}

function Head(props: { readonly model: RunsModel; readonly trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  const box = React.useRef<HTMLInputElement>(null);
  const all = model.runs.length > 0 && model.selection.size === model.runs.length;
  React.useEffect(() => {
    if (box.current) {
      box.current.indeterminate = !all && model.selection.size > 0;
    }
  });
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th className="nb2prod-col-select" scope="col">
          <input
            aria-label={trans.__('Select all runs that are shown')}
            checked={all}
            onChange={event =>
              model.select(
                model.runs.map(run => run.id),
                event.target.checked
              )
            }
            ref={box}
            type="checkbox"
          />
        </th>
        <Column label={trans.__('Status')} name="status" />
        <Column label={trans.__('Definition')} name="definition" />
        <Column label={trans.__('Schedule')} name="schedule" />
        <Column label={trans.__('Started')} name="started" />
        <Column label={trans.__('Took')} name="took" />
        <Column label={trans.__('Attempt')} name="attempt" />
        <Column label={trans.__('Actions')} name="actions" />
      </tr>
    </thead>
  );
}

const Row = React.memo(function Row(props: {
  readonly run: IRunRow;
  readonly index: number;
  readonly isSelected: boolean;
  readonly model: RunsModel;
  readonly trans: TranslationBundle;
  readonly openRun: (id: string) => void;
}): JSX.Element {
  const { run, index, isSelected, model, trans, openRun } = props;
  const about = trans.__('run %1 of %2', run.id, run.definition);
  return (
    <tr
      aria-rowindex={index}
      aria-selected={isSelected}
      data-run={run.id}
      onDoubleClick={() => openRun(run.id)}
    >
      <td className="nb2prod-col-select">
        <input
          aria-label={trans.__('Select %1', about)}
          checked={isSelected}
          onChange={event => model.select([run.id], event.target.checked)}
          type="checkbox"
        />
      </td>
      <td className="nb2prod-col-status" title={reasonOf(run, trans)}>
        <button
          aria-label={trans.__('%1: open %2', statusText(run.status, trans), about)}
          className="nb2prod-OpensRun"
          onClick={() => openRun(run.id)}
          type="button"
        >
          <Status status={run.status} trans={trans} />
        </button>
      </td>
      <td className="nb2prod-col-definition" title={trans.__('%1 version %2', run.definition, run.version)}>
        <span className="nb2prod-ListTable-text">{run.definition}</span>
      </td>
      <td className="nb2prod-col-schedule" title={run.schedule}>
        <span className="nb2prod-ListTable-text">
          {run.schedule || <span className="nb2prod-mod-faint">{trans.__('none')}</span>}
        </span>
      </td>
      <td className="nb2prod-col-started">
        <RelativeTime at={run.started_at ?? run.created_at} />
      </td>
      <td className="nb2prod-col-took">
        <Took
          from={run.started_at}
          until={isFinal(run.status) ? (run.finished_at ?? run.started_at) : null}
        />
      </td>
      <td className="nb2prod-col-attempt">{run.attempt || ''}</td>
      <td className="nb2prod-col-actions">
        <Action about={about} model={model} run={run} trans={trans} />
      </td>
    </tr>
  );
});

function Action(props: {
  readonly run: IRunRow;
  readonly about: string;
  readonly model: RunsModel;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { run, about, model, trans } = props;
  if (isFinal(run.status)) {
    return (
      <IconButton
        icon={refreshIcon}
        label={trans.__('Retry %1', about)}
        onPress={() => void model.retry([run.id])}
        title={trans.__('Retry')}
      />
    );
  }
  if (run.cancel_requested) {
    return <span className="nb2prod-mod-faint">{trans.__('ending')}</span>;
  }
  return (
    <IconButton
      icon={stopIcon}
      label={trans.__('Cancel %1', about)}
      onPress={() => void model.cancel([run.id])}
      title={trans.__('Cancel')}
    />
  );
}

function Foot(props: { readonly model: RunsModel; readonly trans: TranslationBundle }): JSX.Element | null {
  const { model, trans } = props;
  if (model.state === 'waiting') {
    return model.trouble ? null : <p className="nb2prod-Panel-empty">{trans.__('Loading …')}</p>;
  }
  if (model.runs.length === 0) {
    const { status, schedule, definition } = model.filter;
    const isFiltered = status.length > 0 || schedule || definition;
    return (
      <p className="nb2prod-Panel-empty">
        {isFiltered ? trans.__('No run is like that.') : trans.__('No runs yet.')}
      </p>
    );
  }
  return (
    <div className="nb2prod-Panel-foot">
      {model.hasOlder ? (
        <button
          className="jp-mod-styled"
          disabled={model.isLoadingOlder}
          onClick={() => void model.loadOlder()}
          type="button"
        >
          {model.isLoadingOlder ? trans.__('Loading …') : trans.__('Older')}
        </button>
      ) : (
        <span className="nb2prod-mod-faint">{trans.__('These are all.')}</span>
      )}
    </div>
  );
}

function Gap(props: { readonly height: number }): JSX.Element | null {
  return props.height > 0 ? (
    <tr aria-hidden="true" className="nb2prod-ListTable-gap" style={{ height: props.height }}>
      <td colSpan={8} />
    </tr>
  ) : null;
}

/** Which rows are to be drawn, as it is scrolled and as the panel grows. */
function useView(
  scroll: React.RefObject<HTMLDivElement>,
  count: number
): { readonly first: number; readonly last: number } {
  const [view, setView] = React.useState({ top: 0, height: 900 });
  React.useEffect(() => {
    const node = scroll.current;
    if (!node) {
      return undefined;
    }
    const look = () => {
      const [top, height] = [node.scrollTop, node.clientHeight];
      setView(before => (before.top === top && before.height === height ? before : { top, height }));
    };
    const observer = new ResizeObserver(look);
    observer.observe(node);
    node.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      node.removeEventListener('scroll', look);
    };
  }, [scroll]);
  return rowsInView(view.top, view.height, ROW, count);
}

/** Why it is there, and why it did not complete. */
function reasonOf(run: IRunRow, trans: TranslationBundle): string {
  const reasons: Readonly<Record<string, string>> = {
    manual: trans.__('started by hand'),
    schedule: trans.__('was due'),
    after: trans.__('after another run'),
    when: trans.__('a file appeared'),
    batch: trans.__('of a batch'),
    misfire: trans.__('its time was missed'),
    overlap: trans.__('an earlier run had not ended')
  };
  return [reasons[run.reason] ?? run.reason, run.failure?.message ?? ''].filter(Boolean).join('\n');
}
