// The table of schedules.

import type { TranslationBundle } from '@jupyterlab/translation';
import { deleteIcon, editIcon, LabIcon, runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IScheduleRow } from '../jobs';
import { Column } from '../ui/column';
import { IconButton } from '../ui/icon_button';
import { historyIcon } from '../ui/icons';
import { Status } from '../ui/status';
import { AbsoluteTime, RelativeTime } from '../ui/times';
import { ownZone } from '../ui/zones';
import type { SchedulesModel } from './model';

/** What a row can do beside what its model can. */
export interface IRowActions {
  readonly edit: (row: IScheduleRow) => void;
  readonly remove: (row: IScheduleRow) => void;
  readonly openRuns: (row: IScheduleRow) => void;
  readonly openRun: (id: string) => void;
}

export function ScheduleTable(props: {
  readonly model: SchedulesModel;
  readonly trans: TranslationBundle;
  readonly actions: IRowActions;
}): JSX.Element {
  const { model, trans } = props;
  return (
    <table aria-label={trans.__('Schedules')} className="nb2prod-ListTable nb2prod-ScheduleTable">
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <Column label={trans.__('Definition')} name="definition" />
          <Column label={trans.__('Runs')} name="trigger" />
          <Column label={trans.__('Next')} name="next" />
          <Column label={trans.__('Last run')} name="last" />
          <Column label={trans.__('Active')} name="active" />
          <Column label={trans.__('Actions')} name="actions" />
        </tr>
      </thead>
      <tbody>
        {model.schedules.map(row => (
          <Row key={row.id} row={row} {...props} />
        ))}
      </tbody>
    </table>
  );
}

function Row(props: {
  readonly row: IScheduleRow;
  readonly model: SchedulesModel;
  readonly trans: TranslationBundle;
  readonly actions: IRowActions;
}): JSX.Element {
  const { row, model, trans, actions } = props;
  const isBusy = model.busy.has(row.name);
  return (
    <tr aria-busy={isBusy} className={row.paused ? 'nb2prod-mod-paused' : ''} data-name={row.name}>
      <th scope="row" title={row.name}>
        <span className="nb2prod-ListTable-text">{row.name}</span>
      </th>
      <td className="nb2prod-col-definition" title={trans.__('%1 version %2', row.definition, row.version)}>
        <span className="nb2prod-ListTable-text">{row.definition}</span>
      </td>
      <td className="nb2prod-col-trigger" title={row.reading}>
        <span className="nb2prod-ListTable-text">{row.reading}</span>
      </td>
      <td className="nb2prod-col-next">
        <Next row={row} trans={trans} />
      </td>
      <td className="nb2prod-col-last">
        <Last actions={actions} row={row} trans={trans} />
      </td>
      <td className="nb2prod-col-active">
        <input
          aria-label={trans.__('%1 is active', row.name)}
          checked={!row.paused}
          className="nb2prod-Switch"
          disabled={isBusy}
          onChange={() => void model.setPaused(row.name, !row.paused)}
          role="switch"
          title={row.paused ? trans.__('Resume it') : trans.__('Pause it')}
          type="checkbox"
        />
      </td>
      <td className="nb2prod-col-actions">
        <Actions {...props} isBusy={isBusy} />
      </td>
    </tr>
  );
}

function Actions(props: {
  readonly row: IScheduleRow;
  readonly model: SchedulesModel;
  readonly trans: TranslationBundle;
  readonly actions: IRowActions;
  readonly isBusy: boolean;
}): JSX.Element {
  const { row, model, trans, actions, isBusy } = props;
  const action = (icon: LabIcon, label: string, title: string, act: () => void) => (
    <IconButton icon={icon} isDisabled={isBusy} label={label} onPress={act} title={title} />
  );
  return (
    <div className="nb2prod-ListTable-actions">
      {action(
        runIcon,
        trans.__('Run %1 now', row.name),
        trans.__('Run now'),
        () => void model.runNow(row.name)
      )}
      {action(historyIcon, trans.__('Open the runs of %1', row.name), trans.__('Open its runs'), () =>
        actions.openRuns(row)
      )}
      {action(editIcon, trans.__('Edit %1', row.name), trans.__('Edit'), () => actions.edit(row))}
      {action(deleteIcon, trans.__('Remove %1', row.name), trans.__('Remove'), () => actions.remove(row))}
    </div>
  );
}

/** In the schedule's own zone, and in the reader's where that is another. */
function Next(props: { readonly row: IScheduleRow; readonly trans: TranslationBundle }): JSX.Element {
  const { row, trans } = props;
  if (row.disabled) {
    return (
      <span className="nb2prod-mod-error" title={row.disabled}>
        {trans.__('Out of action: %1', row.disabled)}
      </span>
    );
  }
  if (row.paused) {
    return <span className="nb2prod-mod-faint">{trans.__('Paused')}</span>;
  }
  if (!row.next_due) {
    const waits = row.trigger.kind === 'after' || row.trigger.kind === 'when';
    return (
      <span className="nb2prod-mod-faint">
        {waits ? trans.__('When it happens') : trans.__('Never again')}
      </span>
    );
  }
  const zone = row.trigger.kind === 'cron' ? row.trigger.timezone : ownZone();
  return (
    <div className="nb2prod-Next">
      <RelativeTime at={row.next_due} zone={zone} />
      <span className="nb2prod-mod-faint nb2prod-Next-more">
        <AbsoluteTime at={row.next_due} zone={zone} /> {zone !== ownZone() && zone}
      </span>
      {zone !== ownZone() && (
        <span className="nb2prod-mod-faint nb2prod-Next-more">
          <AbsoluteTime at={row.next_due} /> {trans.__('here')}
        </span>
      )}
    </div>
  );
}

function Last(props: {
  readonly row: IScheduleRow;
  readonly trans: TranslationBundle;
  readonly actions: IRowActions;
}): JSX.Element {
  const { row, trans, actions } = props;
  const run = row.last_run;
  if (!run) {
    return <span className="nb2prod-mod-faint">{trans.__('None yet')}</span>;
  }
  const { openRun } = actions;
  return (
    <div className="nb2prod-Next">
      <button className="nb2prod-OpensRun" onClick={() => openRun(run.id)} type="button">
        <Status status={run.status} trans={trans} />
      </button>
      <span className="nb2prod-mod-faint nb2prod-Next-more">
        <RelativeTime at={run.finished_at ?? run.started_at ?? run.created_at} />
      </span>
    </div>
  );
}
