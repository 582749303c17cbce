// The forms beside the menu of tags: a step's options, and its name.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { renamingProblem } from './entries';
import type { TagsModel } from './model';
import { identifierOf } from './names';
import { OPTION_NAMES, OptionName, valueOf } from './options';
import type { OptionValues } from './changes';

interface IFormProps {
  readonly tags: TagsModel;
  readonly step: string;
  readonly trans: TranslationBundle;
  readonly close: () => void;
}

interface IWords {
  readonly label: string;
  readonly hint: string;
  readonly refusal: string;
}

function wordsOf(name: OptionName, trans: TranslationBundle): IWords {
  const whole = trans.__('A whole number, 0 or more.');
  switch (name) {
    case 'retries':
      return { label: trans.__('Retries'), hint: trans.__('0: a failure is final'), refusal: whole };
    case 'timeout':
      return {
        label: trans.__('Timeout in seconds'),
        hint: trans.__('none'),
        refusal: trans.__('A number of seconds above 0.')
      };
    case 'cache':
      return {
        label: trans.__('Cache'),
        hint: trans.__('by default: used'),
        refusal: trans.__('Used, or never.')
      };
    case 'cpu':
      return {
        label: trans.__('CPU cores'),
        hint: trans.__('2, or 500m'),
        refusal: trans.__('A number of cores above 0, like 2 or 500m.')
      };
    case 'memory':
      return {
        label: trans.__('Memory'),
        hint: trans.__('2Gi'),
        refusal: trans.__('A size like 2Gi, or a number of bytes.')
      };
    case 'gpu':
      return { label: trans.__('GPUs'), hint: trans.__('none'), refusal: whole };
  }
}

type Typed = Record<OptionName, string>;

function typedOf(tags: TagsModel, step: string): Typed {
  const options = tags.optionsOf(step);
  return Object.fromEntries(OPTION_NAMES.map(name => [name, String(options.get(name) ?? '')])) as Typed;
}

export function OptionsForm({ tags, step, trans, close }: IFormProps): React.JSX.Element {
  const [before] = React.useState(() => typedOf(tags, step));
  const [typed, setTyped] = React.useState(before);
  const [isTried, setTried] = React.useState(false);
  const form = React.useRef<HTMLFormElement>(null);
  const wrong = OPTION_NAMES.filter(name => valueOf(name, typed[name]) === null);
  const unknown = [...tags.optionsOf(step).keys()].filter(name => !OPTION_NAMES.includes(name as OptionName));
  const save = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrong.length) {
      form.current?.querySelector<HTMLElement>(`[name="${wrong[0]}"]`)?.focus();
      return;
    }
    tags.setOptions(step, changedOf(before, typed, tags, step));
    close();
  };
  return (
    <form ref={form} className="nb2prod-Tags-form" noValidate onSubmit={save}>
      <h2>{trans.__('Options of the step %1', step)}</h2>
      {OPTION_NAMES.map((name, index) => (
        <Field
          key={name}
          name={name}
          isFirst={index === 0}
          words={wordsOf(name, trans)}
          typed={typed[name]}
          isWrong={wrong.includes(name) && (isTried || typed[name] !== before[name])}
          type={text => setTyped({ ...typed, [name]: text })}
          trans={trans}
        />
      ))}
      {unknown.map(name => (
        <p key={name} className="nb2prod-Tags-problem">
          {trans.__('No option is called %1. Take it out of the cell’s metadata.', name)}
        </p>
      ))}
      <Buttons save={trans.__('Save')} close={close} trans={trans} />
    </form>
  );
}

/** What the person changed; and all that is there, so that what cells dispute is settled. */
function changedOf(before: Typed, typed: Typed, tags: TagsModel, step: string): OptionValues {
  const now = tags.optionsOf(step);
  const value = (name: OptionName) =>
    typed[name] === before[name] ? now.get(name) : (valueOf(name, typed[name]) ?? undefined);
  return Object.fromEntries(OPTION_NAMES.map(name => [name, value(name)]));
}

interface IFieldProps {
  readonly name: OptionName;
  readonly isFirst: boolean;
  readonly words: IWords;
  readonly typed: string;
  readonly isWrong: boolean;
  readonly type: (text: string) => void;
  readonly trans: TranslationBundle;
}

function Field({ name, isFirst, words, typed, isWrong, type, trans }: IFieldProps): React.JSX.Element {
  const id = `nb2prod-option-${name}`;
  const shared = {
    id,
    name,
    className: 'jp-mod-styled',
    autoFocus: isFirst,
    value: typed,
    'aria-invalid': isWrong,
    'aria-describedby': isWrong ? `${id}-problem` : undefined
  };
  return (
    <div className="nb2prod-Tags-field">
      <label htmlFor={id}>{words.label}</label>
      {name === 'cache' ? (
        <select {...shared} onChange={event => type(event.target.value)}>
          <option value="">{words.hint}</option>
          <option value="true">{trans.__('used')}</option>
          <option value="false">{trans.__('never')}</option>
          {!['', 'true', 'false'].includes(typed) && <option value={typed}>{typed}</option>}
        </select>
      ) : (
        <input
          {...shared}
          placeholder={words.hint}
          autoComplete="off"
          spellCheck={false}
          onChange={event => type(event.target.value)}
        />
      )}
      {isWrong && (
        <div id={`${id}-problem`} className="nb2prod-Tags-problem" role="alert">
          {words.refusal}
        </div>
      )}
    </div>
  );
}

export function RenameForm({ tags, step, trans, close }: IFormProps): React.JSX.Element {
  const [typed, setTyped] = React.useState(step);
  const problem = renamingProblem(tags, step, typed, trans);
  const name = identifierOf(typed.trim());
  const cells = tags.steps.find(each => each.name === step)?.cells.length ?? 0;
  const save = (event: React.FormEvent) => {
    event.preventDefault();
    if (!problem && typeof name === 'string') {
      tags.rename(step, name);
      close();
    }
  };
  return (
    <form className="nb2prod-Tags-form" noValidate onSubmit={save}>
      <h2>{trans.__('Rename the step %1', step)}</h2>
      <div className="nb2prod-Tags-field nb2prod-mod-wide">
        <label htmlFor="nb2prod-step-name">{trans.__('Name')}</label>
        <input
          id="nb2prod-step-name"
          className="jp-mod-styled"
          autoFocus
          autoComplete="off"
          spellCheck={false}
          value={typed}
          aria-invalid={problem !== ''}
          aria-describedby="nb2prod-step-name-note"
          onFocus={event => event.target.select()}
          onChange={event => setTyped(event.target.value)}
        />
        <div
          id="nb2prod-step-name-note"
          className={problem ? 'nb2prod-Tags-problem' : 'nb2prod-Tags-note'}
          aria-live="polite"
        >
          {problem ||
            (name !== typed.trim()
              ? trans.__('“%1” becomes %2', typed.trim(), String(name))
              : trans._n('In its %1 cell.', 'In its %1 cells.', cells))}
        </div>
      </div>
      <Buttons save={trans.__('Rename')} isDisabled={problem !== ''} close={close} trans={trans} />
    </form>
  );
}

interface IButtonsProps {
  readonly save: string;
  readonly isDisabled?: boolean;
  readonly close: () => void;
  readonly trans: TranslationBundle;
}

function Buttons({ save, isDisabled, close, trans }: IButtonsProps): React.JSX.Element {
  return (
    <div className="nb2prod-Tags-buttons">
      <button type="button" className="jp-mod-styled jp-mod-reject" onClick={close}>
        {trans.__('Cancel')}
      </button>
      <button type="submit" className="jp-mod-styled jp-mod-accept" disabled={isDisabled}>
        {save}
      </button>
    </div>
  );
}
