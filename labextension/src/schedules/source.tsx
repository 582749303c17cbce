// What runs: a notebook or a project as it is now, or a definition that there is.

import * as React from 'react';

import { Options, SelectField, TextField, useSuggestions } from '../ui/fields';
import type { Source } from './draft';
import type { IPartProps } from './triggers';

/** Asks for a path; null when nothing was chosen. */
export type Choose = (kind: 'notebook' | 'pipeline') => Promise<string | null>;

export function SourcePart(props: IPartProps & { readonly choose: Choose | null }): JSX.Element {
  const { editor, trans, form } = props;
  const { draft, faults, edited } = editor;
  const sources: (readonly [Source, string])[] = [
    ['notebook', trans.__('A notebook, as it is now')],
    ['pipeline', trans.__('A project made by nb2prod, as it is now')],
    ['definition', trans.__('A definition that there is, its latest version')]
  ];
  if (edited) {
    const { name, version } = edited.definition;
    sources.unshift(['kept', trans.__('%1 version %2, as before', name, version)]);
  }
  const isNew = draft.source === 'notebook' || draft.source === 'pipeline';
  return (
    <fieldset className="nb2prod-ScheduleForm-part">
      <legend>{trans.__('What runs')}</legend>
      <div className="nb2prod-ScheduleForm-fields">
        <SelectField
          id={`${form}-source`}
          label={trans.__('Source')}
          onChange={source => editor.set({ source }, 'path')}
          options={sources}
          value={draft.source}
          wide
        />
        {isNew && <PathField {...props} />}
        {draft.source !== 'kept' && <DefinitionField {...props} />}
        {!edited && (
          <TextField
            fault={faults.get('name')}
            hint={trans.__('left out: the definition’s')}
            id={`${form}-name`}
            label={trans.__('Name of the schedule')}
            onChange={name => editor.set({ name }, 'name')}
            value={draft.name}
          />
        )}
      </div>
    </fieldset>
  );
}

function PathField(props: IPartProps & { readonly choose: Choose | null }): JSX.Element {
  const { editor, trans, form, choose } = props;
  const { draft, faults } = editor;
  const kind = draft.source === 'pipeline' ? 'pipeline' : 'notebook';
  const browse = async () => {
    const path = await choose?.(kind);
    if (path) {
      editor.set({ path }, 'path');
    }
  };
  return (
    <div className="nb2prod-ScheduleForm-path nb2prod-mod-wide">
      <TextField
        fault={faults.get('path') ?? faults.get('notebook')}
        id={`${form}-path`}
        label={kind === 'pipeline' ? trans.__('Project folder') : trans.__('Notebook')}
        onChange={path => editor.set({ path }, 'path')}
        placeholder={kind === 'pipeline' ? 'churn_pipeline' : 'churn.ipynb'}
        value={draft.path}
      />
      {choose && (
        <button className="jp-mod-styled" onClick={() => void browse()} type="button">
          {trans.__('Choose …')}
        </button>
      )}
    </div>
  );
}

function DefinitionField(props: IPartProps): JSX.Element {
  const { editor, trans, form } = props;
  const { draft, faults } = editor;
  const isKnown = draft.source === 'definition';
  const names = useSuggestions(draft.definition, async text =>
    (await editor.jobs.definitions(text)).items.map(each => each.name)
  );
  return (
    <>
      <TextField
        fault={faults.get('definition')}
        hint={isKnown ? undefined : trans.__('left out: after the file’s name')}
        id={`${form}-definition`}
        label={isKnown ? trans.__('Definition') : trans.__('Name of the definition')}
        list={isKnown ? `${form}-definitions` : undefined}
        onChange={definition => editor.set({ definition }, 'definition')}
        value={draft.definition}
      />
      {isKnown && <Options id={`${form}-definitions`} values={names} />}
    </>
  );
}
