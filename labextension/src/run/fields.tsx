// The fields of parameters.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { described, Opens, Row } from '../ui/parts';
import type { FormModel, IField } from './form';

interface IProps {
  readonly form: FormModel;
  readonly trans: TranslationBundle;

  /** Whether a value may be looked up where the run is: a notebook job's may, a pipeline's not. */
  readonly secrets: boolean;
}

/** Draws again when its owner does. */
export function ParameterFields({ form, trans, secrets }: IProps): JSX.Element {
  if (!form.fields.length) {
    return <p className="nb2prod-Hint">{trans.__('It has no parameters.')}</p>;
  }
  return (
    <div className="nb2prod-Fields">
      {form.fields.map(field => (
        <Field field={field} form={form} key={field.name} secrets={secrets} trans={trans} />
      ))}
    </div>
  );
}

function Field(props: IProps & { field: IField }): JSX.Element {
  const { field, form, trans } = props;
  const id = `nb2prod-parameter-${field.name}`;
  const error = form.error(field.name);
  const help = helpOf(field, trans);
  const label = (
    <>
      <code>{field.name}</code> <span className="nb2prod-Hint">{field.annotation}</span>
    </>
  );
  return (
    <Row error={error} help={help} id={id} label={label}>
      <Entry {...props} aria={described(id, error, help)} id={id} />
      <Modes {...props} />
      {form.isChanged(field.name) && (
        <Opens
          onClick={() => form.reset(field.name)}
          title={
            field.isSecret
              ? trans.__('Back to the default')
              : trans.__('Back to %1', field.defaultText || '…')
          }
        >
          {trans.__('Reset')}
        </Opens>
      )}
    </Row>
  );
}

function helpOf(field: IField, trans: TranslationBundle): string {
  const said = [field.help];
  if (field.isSecret && !field.isRequired) {
    said.push(trans.__('A default is set, and not shown.'));
  } else if (!field.isRequired) {
    said.push(trans.__('Default: %1', field.defaultText));
  }
  if (field.type.kind === 'date' || field.type.kind === 'datetime') {
    said.push(trans.__('It is given as text.'));
  }
  return said.filter(each => each).join(' · ');
}

/** None and secrets, where they may be. */
function Modes({ field, form, trans, secrets }: IProps & { field: IField }): JSX.Element | null {
  const { mode } = form.entry(field.name);
  const { optional, kind } = field.type;
  const isText = kind === 'str' || kind === 'any';
  if (!optional && !(secrets && isText)) {
    return null;
  }
  return (
    <select
      aria-label={trans.__('How %1 is given', field.name)}
      className="jp-mod-styled nb2prod-Mode"
      onChange={event =>
        form.set(field.name, { mode: event.target.value as 'value', text: form.entry(field.name).text })
      }
      value={mode}
    >
      <option value="value">{trans.__('value')}</option>
      {optional && <option value="none">None</option>}
      {secrets && isText && <option value="secret">{trans.__('secret')}</option>}
    </select>
  );
}

function Entry(props: IProps & { field: IField; id: string; aria: React.AriaAttributes }): JSX.Element {
  const { field, form, trans, id, aria } = props;
  const { mode, text } = form.entry(field.name);
  const change = (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>) =>
    form.set(field.name, { text: event.target.value });
  const shared = { ...aria, className: 'jp-mod-styled', id, onChange: change, value: text };
  if (mode === 'none') {
    return <input {...shared} disabled value="None" />;
  }
  if (mode === 'secret') {
    return <input {...shared} placeholder="env:NAME" spellCheck={false} type="text" />;
  }
  switch (field.type.kind) {
    case 'bool':
      return <Choices {...shared} choices={['True', 'False']} empty={trans.__('choose …')} />;
    case 'choice':
      return <Choices {...shared} choices={field.type.choices} empty={trans.__('choose …')} />;
    case 'date':
      return <input {...shared} type="date" />;
    case 'datetime':
      return <input {...shared} step={1} type="datetime-local" />;
    case 'literal':
      return <textarea {...shared} placeholder={placeholder(field)} rows={2} spellCheck={false} />;
  }
  const isNumber = field.type.kind === 'int' || field.type.kind === 'float';
  return (
    <input
      {...shared}
      inputMode={isNumber ? 'decimal' : undefined}
      placeholder={placeholder(field)}
      spellCheck={false}
      type={field.isSecret ? 'password' : 'text'}
      autoComplete="off"
    />
  );
}

function Choices(
  props: React.SelectHTMLAttributes<HTMLSelectElement> & { choices: readonly string[]; empty: string }
): JSX.Element {
  const { choices, empty, ...rest } = props;
  return (
    <select {...rest}>
      {!choices.includes(String(rest.value)) && <option value="">{empty}</option>}
      {choices.map(choice => (
        <option key={choice} value={choice}>
          {choice.replace(/^(['"])(.*)\1$/s, '$2')}
        </option>
      ))}
    </select>
  );
}

function placeholder(field: IField): string {
  return field.isSecret ? '••••' : field.defaultText;
}
