// What is asked before a conversion: where to, how, and what would refuse it.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { FormDialog } from '../ui/form_dialog';
import { useModel } from '../ui/hooks';
import { Check, described, Notice, Row } from '../ui/parts';
import type { ChoiceModel } from './choice';
import { FindingList } from './findings';

interface IProps {
  readonly model: ChoiceModel;
  readonly trans: TranslationBundle;

  /** Leaves the dialog and shows the line. */
  readonly onJump: (cell: number, line: number) => void;
}

export function convertDialog(props: IProps): FormDialog {
  const { model, trans } = props;
  const saves = model.subject.isDirty && !model.subject.isReadOnly;
  const name = model.subject.path.split('/').pop()!;
  return new FormDialog(model, {
    title: trans.__('Convert %1', name),
    accept: saves ? trans.__('Save and convert') : trans.__('Convert'),
    body: <ConvertForm {...props} />,
    focus: '#nb2prod-convert-output',
    trans
  });
}

function ConvertForm({ model, trans, onJump }: IProps): JSX.Element {
  useModel(model);
  const id = 'nb2prod-convert-output';
  const help = trans.__(
    'A folder, from JupyterLab’s own folder on. It may be a project that was converted before.'
  );
  return (
    <div className="nb2prod-FormBody">
      <Refusals model={model} onJump={onJump} trans={trans} />
      {model.problem && <Notice kind="error">{model.problem}</Notice>}
      <Saving model={model} trans={trans} />
      <Row error={model.outputError} help={help} id={id} label={trans.__('Target folder')}>
        <input
          {...described(id, model.outputError, help)}
          className="jp-mod-styled"
          id={id}
          onChange={event => model.set({ output: event.target.value })}
          spellCheck={false}
          type="text"
          value={model.choice.output}
        />
      </Row>
      <Options model={model} trans={trans} />
    </div>
  );
}

function Options({ model, trans }: Omit<IProps, 'onJump'>): JSX.Element {
  const { record, trace, verify } = model.choice;
  return (
    <fieldset className="nb2prod-Options">
      <legend>{trans.__('Options')}</legend>
      <Check
        checked={record}
        help={trans.__(
          'Runs the notebook once, and keeps fingerprints of its values for the project’s own test.'
        )}
        id="nb2prod-convert-record"
        label={trans.__('Record fingerprints')}
        onChange={checked => model.set({ record: checked })}
      />
      <Check
        checked={trace}
        help={trans.__('Runs the notebook under the tracer first, to see what reading alone cannot tell.')}
        id="nb2prod-convert-trace"
        label={trans.__('Traced run')}
        onChange={checked => model.set({ trace: checked })}
      />
      <Check
        checked={verify}
        help={trans.__('Runs the notebook and the project, and compares every name of every step.')}
        id="nb2prod-convert-verify"
        label={trans.__('Verify afterwards')}
        onChange={checked => model.set({ verify: checked })}
      />
    </fieldset>
  );
}

/** A conversion reads the file: whoever starts one here agrees to what is written then. */
function Saving({ model, trans }: Omit<IProps, 'onJump'>): JSX.Element | null {
  const { isDirty, isReadOnly } = model.subject;
  if (!isDirty) {
    return null;
  }
  return (
    <Notice kind="info">
      {isReadOnly
        ? trans.__('This notebook is read-only: its file is converted, without what was changed here.')
        : trans.__('The notebook has changes that are not saved. It is saved first.')}
    </Notice>
  );
}

function Refusals({ model, trans, onJump }: IProps): JSX.Element | null {
  if (model.refused) {
    return <Notice kind="error">{trans.__('This notebook cannot be converted: %1', model.refused)}</Notice>;
  }
  const found = model.refusing;
  if (!found.length) {
    return null;
  }
  return (
    <Notice kind="error">
      <strong>
        {trans._n(
          'This finding refuses the conversion:',
          'These %1 findings refuse the conversion:',
          found.length
        )}
      </strong>
      <FindingList findings={found} onJump={onJump} trans={trans} />
      <span className="nb2prod-Aside">{trans.__('A traced run may settle some of them.')}</span>
    </Notice>
  );
}
