// Which runs are shown: by status, by schedule, by definition.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Options, useSuggestions } from '../ui/fields';
import { StatusIcon, STATUSES, statusText } from '../ui/status';
import type { RunsModel } from './model';

export function RunFilters(props: {
  readonly model: RunsModel;
  readonly trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const { status, schedule, definition } = model.filter;
  return (
    <div aria-label={trans.__('Filters')} className="nb2prod-Panel-bar nb2prod-RunFilters" role="group">
      <div aria-label={trans.__('Status')} className="nb2prod-Toggles" role="group">
        {STATUSES.map(each => (
          <button
            aria-label={statusText(each, trans)}
            aria-pressed={status.includes(each)}
            className="nb2prod-Toggle"
            key={each}
            onClick={() =>
              void model.setFilter({
                status: status.includes(each) ? status.filter(other => other !== each) : [...status, each]
              })
            }
            title={statusText(each, trans)}
            type="button"
          >
            <StatusIcon status={each} />
            <span className="nb2prod-Toggle-text">{statusText(each, trans)}</span>
          </button>
        ))}
      </div>
      <NameFilter
        ask={async text => (await model.jobs.definitions(text)).items.map(each => each.name)}
        id="nb2prod-runs-definition"
        label={trans.__('Definition')}
        onChange={name => void model.setFilter({ definition: name })}
        value={definition}
      />
      <NameFilter
        ask={async text => (await model.jobs.schedules(text, '', 20)).items.map(each => each.name)}
        id="nb2prod-runs-schedule"
        label={trans.__('Schedule')}
        onChange={name => void model.setFilter({ schedule: name })}
        value={schedule}
      />
    </div>
  );
}

/** Counts when one of the names is chosen, or at Enter, or when the field is left. */
function NameFilter(props: {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly ask: (text: string) => Promise<readonly string[]>;
  readonly onChange: (name: string) => void;
}): JSX.Element {
  const { id, label, value, ask, onChange } = props;
  const [typed, setTyped] = React.useState(value);
  const [known, setKnown] = React.useState(value);
  if (known !== value) {
    setKnown(value); // it was set elsewhere
    setTyped(value);
  }
  const names = useSuggestions(typed, ask);
  const apply = (text: string) => text.trim() !== value && onChange(text.trim());
  return (
    <>
      <input
        aria-label={label}
        autoComplete="off"
        className="jp-mod-styled nb2prod-Panel-search"
        list={id}
        onBlur={() => apply(typed)}
        onChange={event => {
          setTyped(event.target.value);
          if (event.target.value === '' || names.includes(event.target.value)) {
            apply(event.target.value);
          }
        }}
        onKeyDown={event => event.key === 'Enter' && apply(typed)}
        placeholder={label}
        spellCheck={false}
        type="search"
        value={typed}
      />
      <Options id={id} values={names} />
    </>
  );
}
