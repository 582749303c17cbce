// Small parts that several features show.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** A label, what is entered, what is wrong with it, and what it is for. */
export function Row(props: {
  readonly id: string;
  readonly label: React.ReactNode;
  readonly help?: React.ReactNode;
  readonly error?: string | undefined;
  readonly children: React.ReactNode;
}): JSX.Element {
  const { id, label, help, error, children } = props;
  return (
    <div className={`nb2prod-FormRow${error ? ' nb2prod-mod-invalid' : ''}`}>
      <label htmlFor={id}>{label}</label>
      <div className="nb2prod-FormRow-entry">{children}</div>
      {error && (
        <div className="nb2prod-FormRow-error" id={`${id}-error`} role="alert">
          {error}
        </div>
      )}
      {help && (
        <div className="nb2prod-FormRow-help" id={`${id}-help`}>
          {help}
        </div>
      )}
    </div>
  );
}

/** What an input of a Row says to those who cannot see. */
export function described(id: string, error: string | undefined, help: unknown): React.AriaAttributes {
  const parts = [error ? `${id}-error` : '', help ? `${id}-help` : ''].filter(part => part);
  return {
    'aria-invalid': !!error,
    ...(parts.length ? { 'aria-describedby': parts.join(' ') } : {})
  };
}

export function Check(props: {
  readonly id: string;
  readonly label: string;
  readonly help?: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): JSX.Element {
  const { id, label, help, checked, onChange } = props;
  return (
    <div className="nb2prod-Check">
      <input
        aria-describedby={help ? `${id}-help` : undefined}
        checked={checked}
        id={id}
        onChange={event => onChange(event.target.checked)}
        type="checkbox"
      />
      <label htmlFor={id}>{label}</label>
      {help && (
        <div className="nb2prod-FormRow-help" id={`${id}-help`}>
          {help}
        </div>
      )}
    </div>
  );
}

export function Notice(props: {
  readonly kind: 'error' | 'warning' | 'info' | 'success';
  readonly children: React.ReactNode;
  readonly actions?: React.ReactNode;
}): JSX.Element {
  const { kind, children, actions } = props;
  return (
    <div className={`nb2prod-Advice nb2prod-mod-${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <div className="nb2prod-Advice-text">{children}</div>
      {actions}
    </div>
  );
}

/** A state in words and colour: the colour is never all that tells it. */
export function Chip(props: { readonly state: string; readonly label: string }): JSX.Element {
  return (
    <span className="nb2prod-State" data-state={props.state}>
      {props.label}
    </span>
  );
}

export function Button(props: {
  readonly label: string;
  readonly title?: string;
  readonly disabled?: boolean;
  readonly accept?: boolean;
  readonly onClick: () => void;
}): JSX.Element {
  const kind = props.accept ? ' jp-mod-accept' : ' jp-mod-reject';
  return (
    <button
      className={`jp-mod-styled${kind} nb2prod-WorkButton`}
      disabled={props.disabled}
      onClick={props.onClick}
      title={props.title}
      type="button"
    >
      {props.label}
    </button>
  );
}

/** What looks like a link and opens something in JupyterLab. */
export function Opens(props: {
  readonly title?: string;
  readonly onClick: () => void;
  readonly children: React.ReactNode;
}): JSX.Element {
  return (
    <button className="nb2prod-Opens" onClick={props.onClick} title={props.title} type="button">
      {props.children}
    </button>
  );
}

/** Where something is, as a link says it; without a line the cell alone. */
export function cellLabel(cell: number, line: number, trans: TranslationBundle): string {
  return line ? trans.__('Cell %1, line %2', cell, line) : trans.__('Cell %1', cell);
}

/** Seconds in words, as short as they may be. */
export function duration(seconds: number, trans: TranslationBundle): string {
  if (seconds < 0.05) {
    return trans.__('< 0.1 s');
  }
  if (seconds < 10) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours) {
    return trans.__('%1 h %2 min', hours, minutes);
  }
  return minutes ? trans.__('%1 min %2 s', minutes, whole % 60) : trans.__('%1 s', whole);
}

/** Draws once a second while something is under way, and never while nobody looks. */
export function useClock(runs: boolean): void {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    if (!runs) {
      return undefined;
    }
    const timer = setInterval(() => document.hidden || draw(), 1000);
    return () => clearInterval(timer);
  }, [runs]);
}
