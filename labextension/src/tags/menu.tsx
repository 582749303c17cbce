// The menu of tags: typed in to find or name a step, or walked through by the arrows.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { FLAGS, Flag } from './grammar';
import { IEntry, commonStep, markOf, offerOf } from './entries';
import type { TagsModel } from './model';

export interface IMenuProps {
  readonly tags: TagsModel;
  readonly targets: readonly number[];
  readonly trans: TranslationBundle;
  readonly close: () => void;
  readonly show: (view: 'options' | 'rename') => void;
}

export function Menu({ tags, targets, trans, close, show }: IMenuProps): React.JSX.Element {
  const [typed, setTyped] = React.useState('');
  const { entries, problem } = offerOf(tags, targets, typed, trans);
  const start = typed
    ? 0
    : Math.max(
        0,
        entries.findIndex(entry => entry.checked === 'true')
      );
  const [moved, setMoved] = React.useState<number | null>(null);
  const active = Math.min(moved ?? start, entries.length - 1);
  const take = (entry: IEntry | undefined) => {
    if (entry) {
      tags.choose(targets, entry.choice);
      close();
    }
  };
  const onKey = (event: React.KeyboardEvent) => {
    const to = moveOf(event.key, active, entries.length);
    if (to !== null) {
      event.preventDefault();
      setMoved(to);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(entries[active]);
    }
  };
  return (
    <>
      <Search
        typed={typed}
        type={text => {
          setTyped(text);
          setMoved(null);
        }}
        active={entries.length ? `nb2prod-tag-${active}` : undefined}
        problem={problem}
        note={entries.find(entry => entry.key === 'new')?.note ?? ''}
        onKey={onKey}
        trans={trans}
      />
      <List tags={tags} entries={entries} active={active} take={take} trans={trans} />
      <Marks tags={tags} targets={targets} trans={trans} />
      <More step={commonStep(tags, targets)} trans={trans} show={show} />
    </>
  );
}

interface ISearchProps {
  readonly typed: string;
  readonly type: (text: string) => void;
  readonly active: string | undefined;
  readonly problem: string;
  readonly note: string;
  readonly onKey: (event: React.KeyboardEvent) => void;
  readonly trans: TranslationBundle;
}

function Search({ typed, type, active, problem, note, onKey, trans }: ISearchProps): React.JSX.Element {
  return (
    <>
      <input
        className="jp-mod-styled nb2prod-Tags-search"
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls="nb2prod-tags-list"
        aria-activedescendant={active}
        aria-invalid={problem !== ''}
        aria-describedby="nb2prod-tags-note"
        aria-label={trans.__('Find a tag, or name a new step')}
        placeholder={trans.__('Find a tag, or name a new step')}
        spellCheck={false}
        value={typed}
        onChange={event => type(event.target.value)}
        onKeyDown={onKey}
      />
      <div
        id="nb2prod-tags-note"
        className={problem ? 'nb2prod-Tags-problem' : 'nb2prod-Tags-note nb2prod-mod-line'}
        aria-live="polite"
      >
        {problem || note}
      </div>
    </>
  );
}

function moveOf(key: string, active: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return count ? (active + 1) % count : null;
    case 'ArrowUp':
      return count ? (active - 1 + count) % count : null;
    case 'PageDown':
      return count - 1;
    case 'PageUp':
      return 0;
    default:
      return null;
  }
}

interface IListProps {
  readonly tags: TagsModel;
  readonly entries: readonly IEntry[];
  readonly active: number;
  readonly take: (entry: IEntry) => void;
  readonly trans: TranslationBundle;
}

function List({ tags, entries, active, take, trans }: IListProps): React.JSX.Element {
  const activeNode = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    activeNode.current?.scrollIntoView({ block: 'nearest' });
  }, [active, entries.length]);
  return (
    <div id="nb2prod-tags-list" className="nb2prod-Tags-list" role="listbox" aria-label={trans.__('Tags')}>
      {entries.map((entry, index) => (
        <div
          key={entry.key}
          id={`nb2prod-tag-${index}`}
          ref={index === active ? activeNode : undefined}
          role="option"
          aria-selected={entry.checked === 'true'}
          className={classesOf(entry, index, active, entries)}
          style={styleOf(entry, tags)}
          title={entry.note}
          onMouseDown={event => event.preventDefault()}
          onClick={() => take(entry)}
        >
          <span className="nb2prod-Tags-check" aria-hidden="true">
            {entry.checked === 'true' ? '✓' : entry.checked === 'mixed' ? '–' : ''}
          </span>
          {entry.group === 'step' && <span className="nb2prod-Tags-swatch" aria-hidden="true" />}
          <span className="nb2prod-Tags-label">{entry.label}</span>
          {entry.checked === 'mixed' && <span className="nb2prod-Tags-note">{trans.__('some')}</span>}
          {entry.group === 'step' && entry.key !== 'new' && entry.checked !== 'mixed' && (
            <span className="nb2prod-Tags-note">{entry.note}</span>
          )}
        </div>
      ))}
      {entries.length === 0 && (
        <div className="nb2prod-Tags-nothing" role="option" aria-selected="false" aria-disabled="true">
          {trans.__('No tag is called this.')}
        </div>
      )}
    </div>
  );
}

function classesOf(entry: IEntry, index: number, active: number, entries: readonly IEntry[]): string {
  const begins = index > 0 && entries[index - 1]!.group !== entry.group;
  return [
    'nb2prod-Tags-entry',
    index === active ? 'nb2prod-mod-active' : '',
    begins ? 'nb2prod-mod-begins' : ''
  ].join(' ');
}

function styleOf(entry: IEntry, tags: TagsModel): React.CSSProperties | undefined {
  return entry.choice.is === 'step'
    ? ({ '--nb2prod-colour': tags.colourOf(entry.choice.step) } as React.CSSProperties)
    : undefined;
}

function Marks({ tags, targets, trans }: Pick<IMenuProps, 'tags' | 'targets' | 'trans'>): React.JSX.Element {
  const words: Record<Flag, [string, string]> = {
    metrics: [trans.__('metrics'), trans.__('What it assigns are figures of the run, kept and compared.')],
    inference: [trans.__('inference'), trans.__('Its step is on the way from a request to a prediction.')]
  };
  return (
    <div className="nb2prod-Tags-marks" role="group" aria-label={trans.__('Marks of cells in a step')}>
      {FLAGS.map(flag => {
        const checked = markOf(tags, targets, flag);
        const [word, meaning] = words[flag];
        return (
          <label
            key={flag}
            title={checked === null ? trans.__('Only cells of a step can have this mark.') : meaning}
          >
            <input
              type="checkbox"
              disabled={checked === null}
              checked={checked === 'true'}
              ref={node => {
                if (node) {
                  node.indeterminate = checked === 'mixed';
                }
              }}
              onChange={() => tags.mark(targets, flag, checked !== 'true')}
            />
            {word}
          </label>
        );
      })}
    </div>
  );
}

interface IMoreProps {
  readonly step: string | null;
  readonly trans: TranslationBundle;
  readonly show: IMenuProps['show'];
}

function More({ step, trans, show }: IMoreProps): React.JSX.Element {
  const why = step === null ? trans.__('These cells do not belong to one step.') : undefined;
  return (
    <div className="nb2prod-Tags-more">
      <button
        className="jp-mod-styled jp-mod-minimal"
        disabled={step === null}
        title={why}
        onClick={() => show('options')}
      >
        {step === null ? trans.__('Options of the step…') : trans.__('Options of %1…', step)}
      </button>
      <button
        className="jp-mod-styled jp-mod-minimal"
        disabled={step === null}
        title={why}
        onClick={() => show('rename')}
      >
        {trans.__('Rename…')}
      </button>
    </div>
  );
}
