// The parameters that a schedule gives to each of its runs.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ParameterFields } from '../run/fields';
import type { FormModel } from '../run/form';
import { useModel } from '../ui/hooks';
import { told } from '../ui/trouble';
import type { IPartProps } from './triggers';

export function ParametersPart(props: IPartProps): JSX.Element {
  const { editor, trans } = props;
  const isPipeline =
    editor.draft.source === 'pipeline' ||
    (editor.draft.source === 'kept' && editor.edited?.definition.kind === 'pipeline');
  return (
    <fieldset className="nb2prod-ScheduleForm-part">
      <legend>{trans.__('Parameters')}</legend>
      {editor.form && <Fields form={editor.form} secrets={!isPipeline} trans={trans} />}
      {editor.faults.has('parameters') && (
        <div className="nb2prod-Field-fault" role="alert">
          {editor.faults.get('parameters')}
        </div>
      )}
      {!editor.form && (
        <p className="nb2prod-ScheduleForm-note">
          {editor.formProblem
            ? trans.__('They are not known: %1', told(editor.formProblem, trans))
            : trans.__('Looking for them …')}
        </p>
      )}
    </fieldset>
  );
}

function Fields(props: {
  readonly form: FormModel;
  readonly trans: TranslationBundle;
  readonly secrets: boolean;
}): JSX.Element {
  useModel(props.form);
  return <ParameterFields {...props} />;
}
