// Fields of a form: a label, what it is for, and what is wrong with it, read out as one.

import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface IFieldProps {
  readonly id: string;
  readonly label: string;
  readonly fault?: string;
  readonly hint?: React.ReactNode;
  readonly wide?: boolean;
}

/** What an input needs to be read out with its hint and its fault. */
export interface IFieldAria {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
}

export function Field(
  props: IFieldProps & { readonly children: (aria: IFieldAria) => React.ReactNode }
): JSX.Element {
  const { id, label, fault, hint, wide } = props;
  const described = [fault ? `${id}-fault` : '', hint ? `${id}-hint` : ''].filter(Boolean).join(' ');
  return (
    <div className={`nb2prod-Field${wide ? ' nb2prod-mod-wide' : ''}`}>
      <label htmlFor={id}>{label}</label>
      {props.children({ id, 'aria-describedby': described || undefined, 'aria-invalid': Boolean(fault) })}
      {fault && (
        <div className="nb2prod-Field-fault" id={`${id}-fault`} role="alert">
          {fault}
        </div>
      )}
      {hint && (
        <div className="nb2prod-Field-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
    </div>
  );
}

export function TextField(
  props: IFieldProps & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly type?: 'text' | 'datetime-local';
    readonly inputMode?: 'text' | 'decimal' | 'numeric';
    readonly list?: string;
    readonly placeholder?: string;
    readonly disabled?: boolean;
    readonly code?: boolean;
  }
): JSX.Element {
  return (
    <Field {...props}>
      {aria => (
        <input
          {...aria}
          autoComplete="off"
          className={`jp-mod-styled${props.code ? ' nb2prod-mod-code' : ''}`}
          disabled={props.disabled}
          inputMode={props.inputMode}
          list={props.list}
          onChange={event => props.onChange(event.target.value)}
          placeholder={props.placeholder}
          spellCheck={false}
          type={props.type ?? 'text'}
          value={props.value}
        />
      )}
    </Field>
  );
}

export function SelectField<Value extends string>(
  props: IFieldProps & {
    readonly value: Value;
    readonly options: readonly (readonly [Value, string])[];
    readonly onChange: (value: Value) => void;
    readonly disabled?: boolean;
  }
): JSX.Element {
  return (
    <Field {...props}>
      {aria => (
        <div className="nb2prod-Select">
          <select
            {...aria}
            className="jp-mod-styled"
            disabled={props.disabled}
            onChange={event => props.onChange(event.target.value as Value)}
            value={props.value}
          >
            {props.options.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <caretDownEmptyIcon.react tag="span" />
        </div>
      )}
    </Field>
  );
}

/** Names that the server knows, by what is typed; asked for when the typing rests. */
export function useSuggestions(
  text: string,
  ask: (text: string) => Promise<readonly string[]>
): readonly string[] {
  const [found, setFound] = React.useState<readonly string[]>([]);
  const latest = React.useRef(ask);
  React.useEffect(() => {
    latest.current = ask;
  });
  React.useEffect(() => {
    let isStale = false;
    const timer = window.setTimeout(() => {
      latest
        .current(text.trim())
        .then(names => isStale || setFound(names))
        .catch(() => undefined); // they are no more than a help
    }, 200);
    return () => {
      isStale = true;
      window.clearTimeout(timer);
    };
  }, [text]);
  return found;
}

export function Options(props: { readonly id: string; readonly values: readonly string[] }): JSX.Element {
  return (
    <datalist id={props.id}>
      {props.values.map(value => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
