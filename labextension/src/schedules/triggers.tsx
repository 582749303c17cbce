// When it runs: the fields of each kind of trigger, and what a cron expression says while it is typed.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Ending, TriggerKind } from '../jobs';
import { Options, SelectField, TextField, useSuggestions } from '../ui/fields';
import { useModel } from '../ui/hooks';
import { AbsoluteTime, shortTime } from '../ui/times';
import { told } from '../ui/trouble';
import { allZones, ownZone } from '../ui/zones';
import type { Unit } from './draft';
import type { EditorModel } from './editor';
import type { CronPreview } from './preview';

export interface IPartProps {
  readonly editor: EditorModel;
  readonly trans: TranslationBundle;
  /** Begins the ids of all fields of this form. */
  readonly form: string;
}

export function TriggerPart(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const kinds: readonly (readonly [TriggerKind, string])[] = [
    ['cron', trans.__('Times of the calendar (cron)')],
    ['every', trans.__('Again and again')],
    ['once', trans.__('Once')],
    ['after', trans.__('After another schedule')],
    ['when', trans.__('When a file appears')]
  ];
  const kind = editor.draft.kind;
  return (
    <fieldset className="nb2prod-ScheduleForm-part">
      <legend>{trans.__('When it runs')}</legend>
      <div className="nb2prod-ScheduleForm-fields">
        <SelectField
          fault={editor.faults.get('trigger')}
          id={`${form}-kind`}
          label={trans.__('Trigger')}
          onChange={value => editor.set({ kind: value }, 'trigger')}
          options={kinds}
          value={kind}
          wide
        />
        {kind === 'cron' && <CronFields {...props} />}
        {kind === 'every' && <EveryFields {...props} />}
        {kind === 'once' && <OnceFields {...props} />}
        {kind === 'after' && <AfterFields {...props} />}
        {kind === 'when' && <WhenFields {...props} />}
      </div>
    </fieldset>
  );
}

function CronFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  useModel(editor.preview);
  const { faults } = editor.preview;
  const ready: readonly (readonly [string, string])[] = [
    ['0 * * * *', trans.__('Hourly')],
    ['0 6 * * *', trans.__('Daily')],
    ['0 6 * * 1-5', trans.__('Working days')],
    ['0 6 * * 1', trans.__('Weekly')],
    ['0 6 1 * *', trans.__('Monthly')]
  ];
  return (
    <>
      <div
        className="nb2prod-mod-wide nb2prod-ScheduleForm-ready"
        role="group"
        aria-label={trans.__('Ready made')}
      >
        {ready.map(([expression, label]) => (
          <button
            aria-pressed={editor.draft.expression.trim() === expression}
            className="nb2prod-Toggle"
            key={expression}
            onClick={() => editor.set({ expression }, 'trigger.expression')}
            type="button"
          >
            {label}
          </button>
        ))}
      </div>
      <TextField
        code
        fault={editor.faults.get('trigger.expression') ?? faults.get('expression')}
        hint={trans.__('minute, hour, day of month, month, day of week')}
        id={`${form}-expression`}
        label={trans.__('Cron expression')}
        onChange={expression => editor.set({ expression }, 'trigger.expression')}
        value={editor.draft.expression}
      />
      <ZoneField {...props} fault={faults.get('timezone')} />
      <CronReading preview={editor.preview} trans={trans} zone={editor.draft.timezone} />
    </>
  );
}

function CronReading(props: {
  readonly preview: CronPreview;
  readonly trans: TranslationBundle;
  readonly zone: string;
}): JSX.Element {
  const { preview, trans, zone } = props;
  const own = ownZone();
  return (
    <div
      aria-busy={preview.isWaiting}
      aria-live="polite"
      className="nb2prod-CronReading nb2prod-mod-wide"
      data-state={preview.isWaiting ? 'waiting' : preview.answer ? 'ready' : 'none'}
    >
      {preview.answer && (
        <>
          <strong>{preview.answer.reading}</strong>
          <ol aria-label={trans.__('The next times')}>
            {preview.answer.times.map(time => (
              <li key={time}>
                <AbsoluteTime at={time} zone={zone} />
                {zone !== own && (
                  <span className="nb2prod-mod-faint"> {trans.__('(%1 here)', shortTime(time))}</span>
                )}
              </li>
            ))}
          </ol>
          {preview.answer.times.length === 0 && <div>{trans.__('It never comes to be due.')}</div>}
        </>
      )}
      {!preview.answer && preview.trouble && (
        <div className="nb2prod-Field-fault">{told(preview.trouble, trans)}</div>
      )}
      {!preview.answer && !preview.trouble && (
        <span className="nb2prod-mod-faint">
          {preview.isWaiting ? trans.__('Reading it …') : trans.__('The next times are shown here.')}
        </span>
      )}
    </div>
  );
}

export function ZoneField(props: IPartProps & { readonly fault?: string }): JSX.Element {
  const { editor, trans, form } = props;
  const zones = React.useMemo(() => allZones(), []);
  return (
    <>
      <TextField
        fault={editor.faults.get('trigger.timezone') ?? props.fault}
        hint={editor.draft.timezone === ownZone() ? trans.__('yours') : trans.__('yours is %1', ownZone())}
        id={`${form}-timezone`}
        label={trans.__('Time zone')}
        list={`${form}-zones`}
        onChange={timezone => editor.set({ timezone }, 'trigger.timezone')}
        value={editor.draft.timezone}
      />
      <Options id={`${form}-zones`} values={zones} />
    </>
  );
}

function EveryFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const units: readonly (readonly [Unit, string])[] = [
    ['seconds', trans.__('seconds')],
    ['minutes', trans.__('minutes')],
    ['hours', trans.__('hours')],
    ['days', trans.__('days')]
  ];
  return (
    <>
      <TextField
        fault={editor.faults.get('trigger.seconds')}
        id={`${form}-every`}
        inputMode="decimal"
        label={trans.__('Every')}
        onChange={every => editor.set({ every }, 'trigger.seconds')}
        value={editor.draft.every}
      />
      <SelectField
        id={`${form}-unit`}
        label={trans.__('Unit')}
        onChange={unit => editor.set({ unit }, 'trigger.seconds')}
        options={units}
        value={editor.draft.unit}
      />
      <TextField
        fault={editor.faults.get('trigger.anchor')}
        hint={trans.__('left out: from now on')}
        id={`${form}-anchor`}
        label={trans.__('Counted from')}
        onChange={anchor => editor.set({ anchor }, 'trigger.anchor')}
        type="datetime-local"
        value={editor.draft.anchor}
      />
      <ZoneField {...props} />
    </>
  );
}

function OnceFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  return (
    <>
      <TextField
        fault={editor.faults.get('trigger.at')}
        id={`${form}-at`}
        label={trans.__('At')}
        onChange={at => editor.set({ at }, 'trigger.at')}
        type="datetime-local"
        value={editor.draft.at}
      />
      <ZoneField {...props} />
    </>
  );
}

function AfterFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const names = useSuggestions(editor.draft.after, async text =>
    (await editor.jobs.schedules(text, '', 20)).items.map(each => each.name)
  );
  const endings: readonly (readonly [Ending, string])[] = [
    ['completed', trans.__('has completed')],
    ['failed', trans.__('has failed')],
    ['ended', trans.__('has ended, however')]
  ];
  return (
    <>
      <TextField
        fault={editor.faults.get('trigger.schedule')}
        id={`${form}-after`}
        label={trans.__('After each run of')}
        list={`${form}-schedules`}
        onChange={after => editor.set({ after }, 'trigger.schedule')}
        placeholder={trans.__('a schedule’s name')}
        value={editor.draft.after}
      />
      <Options
        id={`${form}-schedules`}
        values={names.filter(name => name !== editor.edited?.schedule.name)}
      />
      <SelectField
        fault={editor.faults.get('trigger.on')}
        id={`${form}-on`}
        label={trans.__('that')}
        onChange={on => editor.set({ on }, 'trigger.on')}
        options={endings}
        value={editor.draft.on}
      />
    </>
  );
}

function WhenFields(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  return (
    <>
      <TextField
        fault={editor.faults.get('trigger.url')}
        hint={trans.__(
          'a path below the folder that JupyterLab shows, or of s3, gs or az; * stands for anything'
        )}
        id={`${form}-url`}
        label={trans.__('Files')}
        onChange={url => editor.set({ url }, 'trigger.url')}
        placeholder="data/in/*.csv"
        value={editor.draft.url}
        wide
      />
      <TextField
        fault={editor.faults.get('trigger.parameter')}
        hint={trans.__('gets the path of the file; may be left out')}
        id={`${form}-parameter`}
        label={trans.__('Parameter')}
        onChange={parameter => editor.set({ parameter }, 'trigger.parameter')}
        value={editor.draft.parameter}
      />
      <TextField
        fault={editor.faults.get('trigger.settle')}
        hint={trans.__('for so many seconds a file must not change')}
        id={`${form}-settle`}
        inputMode="decimal"
        label={trans.__('Settled')}
        onChange={settle => editor.set({ settle }, 'trigger.settle')}
        value={editor.draft.settle}
      />
    </>
  );
}
