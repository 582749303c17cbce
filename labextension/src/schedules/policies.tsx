// What becomes of runs that were missed or overlap, and what few need to change.

import * as React from 'react';

import type { Misfire, Overlap } from '../jobs';
import { SelectField, TextField } from '../ui/fields';
import { ZoneField, type IPartProps } from './triggers';

export function PolicyPart(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const misfires: Readonly<Record<Misfire, readonly [string, string]>> = {
    latest: [
      trans.__('Run the latest'),
      trans.__('Of the times that were missed the last one runs; the others are recorded as skipped.')
    ],
    skip: [trans.__('Skip'), trans.__('No time that was missed runs; each is recorded as skipped.')],
    all: [trans.__('Run all'), trans.__('Each time that was missed runs, however many there were.')]
  };
  const overlaps: Readonly<Record<Overlap, readonly [string, string]>> = {
    skip: [
      trans.__('Skip'),
      trans.__('While an earlier run waits or runs, the new one does not run and is recorded as skipped.')
    ],
    allow: [trans.__('Run beside'), trans.__('The new run starts beside the earlier ones.')],
    queue: [
      trans.__('Wait'),
      trans.__('The new run waits until the earlier one has ended; never two at once.')
    ],
    replace: [trans.__('Replace'), trans.__('The earlier run is cancelled, and the new one takes its place.')]
  };
  const { misfire, overlap } = editor.draft;
  return (
    <fieldset className="nb2prod-ScheduleForm-part">
      <legend>{trans.__('When things go otherwise')}</legend>
      <div className="nb2prod-ScheduleForm-fields">
        <SelectField
          fault={editor.faults.get('misfire')}
          hint={misfires[misfire][1]}
          id={`${form}-misfire`}
          label={trans.__('A time was missed')}
          onChange={value => editor.set({ misfire: value }, 'misfire')}
          options={(Object.keys(misfires) as Misfire[]).map(each => [each, misfires[each][0]] as const)}
          value={misfire}
        />
        <SelectField
          fault={editor.faults.get('overlap')}
          hint={overlaps[overlap][1]}
          id={`${form}-overlap`}
          label={trans.__('The run before has not ended')}
          onChange={value => editor.set({ overlap: value }, 'overlap')}
          options={(Object.keys(overlaps) as Overlap[]).map(each => [each, overlaps[each][0]] as const)}
          value={overlap}
        />
      </div>
    </fieldset>
  );
}

/** Fields under "More", by the path of each as the server calls it. */
const MORE = ['grace', 'jitter', 'priority', 'start_at', 'end_at', 'settings', 'paused'];

function isUnderMore(path: string): boolean {
  return MORE.some(each => path === each || path.startsWith(`${each}.`));
}

export function MorePart(props: IPartProps): JSX.Element {
  const { editor, trans } = props;
  const isAtFault = [...editor.faults.keys()].some(isUnderMore);
  const [isOpen, setOpen] = React.useState(false);
  return (
    <details
      className="nb2prod-ScheduleForm-part nb2prod-ScheduleForm-more"
      onToggle={event => setOpen(event.currentTarget.open)}
      open={isOpen || isAtFault}
    >
      <summary>{trans.__('More: period, priority, limits, retries')}</summary>
      <PeriodFields {...props} />
      <SettingsFields {...props} />
    </details>
  );
}

function PeriodFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const { draft, faults } = editor;
  const hasZone = draft.kind === 'after' || draft.kind === 'when'; // else it is among the trigger's fields
  return (
    <div className="nb2prod-ScheduleForm-fields">
      <TextField
        fault={faults.get('start_at')}
        hint={trans.__('nothing runs before it')}
        id={`${form}-start`}
        label={trans.__('Start')}
        onChange={startAt => editor.set({ startAt }, 'start_at')}
        type="datetime-local"
        value={draft.startAt}
      />
      <TextField
        fault={faults.get('end_at')}
        hint={trans.__('nothing runs from then on')}
        id={`${form}-end`}
        label={trans.__('End')}
        onChange={endAt => editor.set({ endAt }, 'end_at')}
        type="datetime-local"
        value={draft.endAt}
      />
      {hasZone && <ZoneField {...props} />}
      <NumberFields {...props} />
      <label className="nb2prod-ScheduleForm-check">
        <input
          checked={draft.paused}
          onChange={event => editor.set({ paused: event.target.checked }, 'paused')}
          type="checkbox"
        />
        {trans.__('Paused: nothing of it becomes due until it is resumed')}
      </label>
    </div>
  );
}

function NumberFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const { draft, faults } = editor;
  return (
    <>
      <TextField
        fault={faults.get('grace')}
        hint={trans.__('seconds after which a time counts as missed')}
        id={`${form}-grace`}
        inputMode="decimal"
        label={trans.__('Grace')}
        onChange={grace => editor.set({ grace }, 'grace')}
        value={draft.grace}
      />
      <TextField
        fault={faults.get('jitter')}
        hint={trans.__('up to so many seconds late, by chance')}
        id={`${form}-jitter`}
        inputMode="decimal"
        label={trans.__('Jitter')}
        onChange={jitter => editor.set({ jitter }, 'jitter')}
        value={draft.jitter}
      />
      <TextField
        fault={faults.get('priority')}
        hint={trans.__('what is greater runs first')}
        id={`${form}-priority`}
        inputMode="numeric"
        label={trans.__('Priority')}
        onChange={priority => editor.set({ priority }, 'priority')}
        value={draft.priority}
      />
    </>
  );
}

/** Limits and retries belong to the definition: they can be said where a version of it is made. */
function SettingsFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const { draft, faults } = editor;
  const isFixed = draft.source === 'kept' || draft.source === 'definition';
  const field = (group: 'limits' | 'retry', name: string, label: string, hint: string) => (
    <TextField
      disabled={isFixed}
      fault={faults.get(`settings.${group}.${name}`)}
      hint={hint}
      id={`${form}-${group}-${name}`}
      inputMode="decimal"
      key={`${group}-${name}`}
      label={label}
      onChange={value =>
        editor.set({ [group]: { ...draft[group], [name]: value } }, `settings.${group}.${name}`)
      }
      value={(draft[group] as Readonly<Record<string, string>>)[name] ?? ''}
    />
  );
  const none = trans.__('seconds; left out: no limit');
  return (
    <>
      {isFixed && (
        <p className="nb2prod-ScheduleForm-note">
          {trans.__(
            'Limits and retries belong to the definition. To change them, take the notebook or the project as it is now.'
          )}
        </p>
      )}
      <div className="nb2prod-ScheduleForm-fields">
        {field('limits', 'run', trans.__('Limit of a run'), none)}
        {field('limits', 'cell', trans.__('Limit of a cell or step'), none)}
        {field('limits', 'memory', trans.__('Memory'), trans.__('MiB; left out: no limit'))}
        {field('limits', 'cpus', trans.__('CPUs'), trans.__('left out: all'))}
        {field('retry', 'limit', trans.__('Retries'), trans.__('further attempts after a failure'))}
        {field('retry', 'delay', trans.__('First pause'), trans.__('seconds before the second attempt'))}
        {field('retry', 'factor', trans.__('Factor'), trans.__('each pause is so many times the one before'))}
        {field('retry', 'maximum', trans.__('Longest pause'), trans.__('seconds'))}
      </div>
    </>
  );
}
