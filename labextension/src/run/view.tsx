// The tab of a run: how far it is, what it printed, what it gave, and why it failed.

import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IArtifact, IRun } from '../rest';
import { SchedulerNotice } from '../ui/daemon';
import { useModel } from '../ui/hooks';
import { jobIcon } from '../ui/icons';
import { Button, cellLabel, Chip, duration, Notice, Opens, useClock } from '../ui/parts';
import type { SchedulerModel } from '../ui/scheduler';
import { messageOf } from '../ui/waiting';
import { statusLabel } from '../ui/words';
import type { RunModel } from './model';
import { Parts } from './parts';

/** What the tab does elsewhere in JupyterLab. */
export interface IRunActions {
  readonly trans: TranslationBundle;
  readonly scheduler: SchedulerModel;

  /** Null when it is not below JupyterLab's folder. */
  contentsPath(path: string): string | null;
  jump(path: string, cell: number, line: number): void;
  openArtifact(artifact: IArtifact): void;
  openRun(id: string, notebook: string | null): void;

  /** The failed step as a notebook; resolves when it is open, or raises why not. */
  replay(model: RunModel, step: string): Promise<void>;
}

export function runWidget(model: RunModel, actions: IRunActions): MainAreaWidget<ReactWidget> {
  const { trans } = actions;
  const content = ReactWidget.create(<RunView actions={actions} model={model} />);
  content.addClass('nb2prod-Work');
  const widget = new MainAreaWidget({ content });
  widget.id = `nb2prod-run-${model.id}`;
  widget.title.label = trans.__('Run');
  widget.title.caption = model.id;
  widget.title.closable = true;
  widget.title.icon = jobIcon;
  widget.toolbar.hide();
  const onChanged = () => {
    const name = model.detail?.definition.name;
    widget.title.label = name ? trans.__('Run of %1', name) : trans.__('Run');
  };
  model.changed.connect(onChanged);
  widget.disposed.connect(() => model.dispose());
  return widget;
}

function RunView({ model, actions }: { model: RunModel; actions: IRunActions }): JSX.Element {
  useModel(model);
  useClock(!model.isOver);
  const { trans, scheduler } = actions;
  const { detail, run } = model;
  return (
    <div className="nb2prod-WorkPage">
      {model.isMissing && <Notice kind="error">{trans.__('There is no run %1 any more.', model.id)}</Notice>}
      {model.problem && !model.isMissing && (
        <Notice kind="warning">
          {trans.__('The server cannot be reached; it is tried again. (%1)', model.problem)}
        </Notice>
      )}
      {detail && run && (
        <>
          <Head actions={actions} model={model} run={run} />
          {!model.isOver && (
            <SchedulerNotice
              model={scheduler}
              trans={trans}
              what={trans.__('The run waits in the queue until one runs.')}
            />
          )}
          <Standing model={model} run={run} trans={trans} />
          <Failure actions={actions} model={model} run={run} />
          <Outcome actions={actions} model={model} run={run} />
          <Parts
            kind={detail.definition.kind}
            onCell={cell => jumpTo(model, actions, cell, 0)}
            progress={model.progress}
            trans={trans}
          />
          <Log model={model} trans={trans} />
          <About model={model} run={run} trans={trans} />
        </>
      )}
      {!detail && !model.problem && <p className="nb2prod-Aside">{trans.__('Reading …')}</p>}
    </div>
  );
}

interface IProps {
  readonly model: RunModel;
  readonly run: IRun;
  readonly actions: IRunActions;
}

function Head({ model, run, actions }: IProps): JSX.Element {
  const { trans } = actions;
  const [failure, setFailure] = React.useState('');
  const attempt = (work: Promise<unknown>) => {
    setFailure('');
    work.catch(error => setFailure(messageOf(error)));
  };
  const seconds = secondsOf(run);
  return (
    <>
      <header className="nb2prod-WorkHead">
        <h2>{model.detail!.definition.name}</h2>
        <Chip label={statusLabel(run.status, trans)} state={run.status} />
        {run.attempt > 1 && <span className="nb2prod-Aside">{trans.__('attempt %1', run.attempt)}</span>}
        {seconds !== null && <span className="nb2prod-Aside">{duration(seconds, trans)}</span>}
        <span className="nb2prod-WorkHead-about" />
        {model.isOver ? (
          <Button
            label={trans.__('Run again')}
            onClick={() => attempt(model.retry().then(id => actions.openRun(id, model.notebook)))}
            title={trans.__('With the same parameters')}
          />
        ) : (
          <Button
            disabled={model.isCancelling}
            label={model.isCancelling ? trans.__('Cancelling …') : trans.__('Cancel')}
            onClick={() => attempt(model.cancel())}
          />
        )}
      </header>
      {failure && <Notice kind="error">{failure}</Notice>}
    </>
  );
}

/** How far it is, in a bar and in words. */
function Standing({
  model,
  run,
  trans
}: Omit<IProps, 'actions'> & { trans: TranslationBundle }): JSX.Element | null {
  if (model.isOver) {
    return null;
  }
  const { done, total, label, cell } = run.progress;
  const share = total ? Math.round((100 * done) / total) : null;
  const isNotebook = model.detail!.definition.kind === 'notebook';
  const name = trans.__('Progress');
  if (run.status === 'queued') {
    const told = run.not_before
      ? trans.__('It is tried again at %1.', new Date(run.not_before).toLocaleTimeString())
      : trans.__('It waits in pool %1.', run.pool);
    return <p className="nb2prod-Aside">{told}</p>;
  }
  const place = isNotebook ? cell && trans.__('cell %1', cell) : label && trans.__('step %1', label);
  const words = isNotebook
    ? trans.__('%1 of %2 cells', done, total)
    : trans.__('%1 of %2 steps', done, total);
  return (
    <div>
      <div
        aria-label={name}
        className="nb2prod-Busy"
        role="progressbar"
        {...(share === null ? {} : { 'aria-valuenow': share, 'aria-valuemin': 0, 'aria-valuemax': 100 })}
        style={{ '--nb2prod-share': `${share ?? 0}%` } as React.CSSProperties}
      />
      <span className="nb2prod-Aside" role="status">
        {total ? words : trans.__('It starts.')} {place ? `· ${place}` : ''}
      </span>
    </div>
  );
}

function Failure({ model, run, actions }: IProps): JSX.Element | null {
  const { trans } = actions;
  const [state, setState] = React.useState<'idle' | 'busy' | string>('idle');
  const { failure } = run;
  if (!failure || run.status === 'completed') {
    return null;
  }
  const failed = [...model.progress.parts.values()].filter(part => part.state === 'failed').pop();
  const isReplayable =
    model.isOver && run.status === 'failed' && model.detail!.definition.kind === 'pipeline';
  const open = async (step: string) => {
    setState('busy');
    setState(await actions.replay(model, step).then(() => 'idle', messageOf));
  };
  const kind = run.status === 'failed' ? 'error' : 'warning';
  return (
    <Notice
      actions={
        isReplayable && failed ? (
          <Button
            accept
            disabled={state === 'busy'}
            label={trans.__('Open the failed step as a notebook')}
            onClick={() => void open(failed.name)}
          />
        ) : null
      }
      kind={kind}
    >
      <span className="nb2prod-mod-pre">{failure.message}</span>{' '}
      <Place actions={actions} cell={failure.cell} line={failure.line} model={model} />
      {failure.traceback && (
        <details>
          <summary>{trans.__('Traceback')}</summary>
          <pre className="nb2prod-Log" tabIndex={0}>
            {plain(failure.traceback)}
          </pre>
        </details>
      )}
      {state !== 'idle' && state !== 'busy' && <div className="nb2prod-mod-error">{state}</div>}
    </Notice>
  );
}

function Place(props: {
  model: RunModel;
  actions: IRunActions;
  cell: number;
  line: number;
}): JSX.Element | null {
  const { model, actions, cell, line } = props;
  const { trans } = actions;
  if (!cell) {
    return null;
  }
  const label = cellLabel(cell, line, trans);
  return notebookOf(model, actions) === null ? (
    <span>{label}</span>
  ) : (
    <Opens onClick={() => jumpTo(model, actions, cell, line)} title={trans.__('Go to the line')}>
      {label}
    </Opens>
  );
}

/** Metrics and files. */
function Outcome({ model, run, actions }: IProps): JSX.Element | null {
  const { trans } = actions;
  const metrics = Object.entries(run.metrics).map(
    ([name, value]) => [name, Number.isInteger(value) ? value : value.toPrecision(5)] as const
  );
  const { artifacts } = model;
  return (
    <>
      {metrics.length > 0 && (
        <section aria-label={trans.__('Metrics')}>
          <h3>{trans.__('Metrics')}</h3>
          <Pairs pairs={metrics} />
        </section>
      )}
      {artifacts.length > 0 && (
        <section aria-label={trans.__('What it gave')}>
          <h3>{trans.__('What it gave')}</h3>
          <ul className="nb2prod-Artifacts">
            {artifacts.map(artifact => (
              <li key={artifact.name}>
                <Opens onClick={() => actions.openArtifact(artifact)}>{artifact.name}</Opens>{' '}
                <span className="nb2prod-Aside">
                  {artifact.kind} · {sizeOf(artifact.size)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Log({ model, trans }: { model: RunModel; trans: TranslationBundle }): JSX.Element {
  const end = React.useRef<HTMLPreElement>(null);
  const { log } = model;
  React.useEffect(() => {
    end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [log]);
  return (
    <details onToggle={event => model.showLog(event.currentTarget.open)}>
      <summary>{trans.__('Log')}</summary>
      {model.logProblem && <Notice kind="warning">{model.logProblem}</Notice>}
      <pre className="nb2prod-Log" ref={end} role="log" tabIndex={0} aria-label={trans.__('Log')}>
        {plain(log) || trans.__('Nothing was printed yet.')}
      </pre>
    </details>
  );
}

function About({ model, run, trans }: Omit<IProps, 'actions'> & { trans: TranslationBundle }): JSX.Element {
  const pairs: Pair[] = [
    [trans.__('Run'), <code key="id">{run.id}</code>],
    [trans.__('Submitted'), new Date(run.created_at).toLocaleString()],
    ...(model.detail!.schedule ? [[trans.__('Schedule'), model.detail!.schedule] as const] : []),
    ...Object.entries(run.parameters).map(
      ([name, value]) => [name, <code key={name}>{shownValue(value)}</code>] as const
    )
  ];
  return (
    <details>
      <summary>{trans.__('Parameters and more')}</summary>
      <Pairs pairs={pairs} />
    </details>
  );
}

type Pair = readonly [string, React.ReactNode];

function Pairs({ pairs }: { pairs: readonly Pair[] }): JSX.Element {
  return (
    <dl className="nb2prod-Pairs">
      {pairs.map(([name, value]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </React.Fragment>
      ))}
    </dl>
  );
}

function notebookOf(model: RunModel, actions: IRunActions): string | null {
  return model.notebook ?? actions.contentsPath(model.notebookFile);
}

function jumpTo(model: RunModel, actions: IRunActions, cell: number, line: number): void {
  const path = notebookOf(model, actions);
  if (path !== null) {
    actions.jump(path, cell, line);
  }
}

function secondsOf(run: IRun): number | null {
  const end = run.finished_at ? Date.parse(run.finished_at) : Date.now();
  return run.started_at ? Math.max(0, (end - Date.parse(run.started_at)) / 1000) : null;
}

function sizeOf(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

function shownValue(value: unknown): string {
  if (value && typeof value === 'object') {
    const { secret, python } = value as { secret?: unknown; python?: unknown };
    return secret !== undefined ? `secret: ${String(secret)}` : String(python ?? JSON.stringify(value));
  }
  return JSON.stringify(value);
}

/** Without the colours of a terminal. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
}
