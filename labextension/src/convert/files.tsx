// The files of a conversion: conflicts first, each opens in the editor, and shows what changed in it.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Chip, Notice, Opens } from '../ui/parts';
import { messageOf } from '../ui/waiting';
import { counted, diffLines, hunks } from './diff';
import { FileState, IConverted, inOrder } from './model';

/** `before` is null where it is not known any more. */
export interface ITexts {
  readonly text: string;
  readonly before: string | null;
}

interface IProps {
  readonly files: IConverted['files'];
  readonly trans: TranslationBundle;
  readonly onOpen: (file: string) => void;
  readonly texts: (file: string) => Promise<ITexts>;
}

export function Files(props: IProps): JSX.Element {
  const { files, trans } = props;
  const [all, showAll] = React.useState(false);
  const unchanged = files.filter(file => file.state === 'unchanged').length;
  const hides = unchanged > 0 && unchanged < files.length;
  const shown = inOrder(files).filter(file => all || !hides || file.state !== 'unchanged');
  return (
    <section aria-label={trans.__('Files')} className="nb2prod-WorkFiles">
      <Conflicts {...props} />
      <ul>
        {shown.map(file => (
          <File key={file.file} {...props} file={file.file} state={file.state} />
        ))}
      </ul>
      {hides && (
        <Opens onClick={() => showAll(!all)}>
          {all
            ? trans.__('Hide what is unchanged')
            : trans._n('Show %1 unchanged file', 'Show %1 unchanged files', unchanged)}
        </Opens>
      )}
    </section>
  );
}

function Conflicts({ files, trans }: IProps): JSX.Element | null {
  const count = files.filter(file => file.state === 'conflict').length;
  if (!count) {
    return null;
  }
  return (
    <Notice kind="warning">
      <strong>{trans._n('%1 file has a conflict.', '%1 files have conflicts.', count)}</strong>{' '}
      {trans.__(
        'Your edits and the new text met on the same lines. Open the file, look for <<<<<<<, keep what is right of both sides, remove the markers, and save.'
      )}
    </Notice>
  );
}

function File(props: IProps & { file: string; state: FileState }): JSX.Element {
  const { file, state, trans, onOpen, texts } = props;
  const [open, setOpen] = React.useState(false);
  const slash = file.lastIndexOf('/') + 1;
  const isHidden = file.split('/').some(part => part.startsWith('.'));
  const name = (
    <>
      <span className="nb2prod-Aside">{file.slice(0, slash)}</span>
      <wbr />
      {file.slice(slash)}
    </>
  );
  const hasDiff = state === 'changed' || state === 'conflict';
  return (
    <li data-state={state}>
      <div className="nb2prod-WorkFile">
        {hasDiff ? (
          <button
            aria-expanded={open}
            aria-label={trans.__('What changed in %1', file)}
            className="nb2prod-Twist"
            onClick={() => setOpen(!open)}
            title={trans.__('What changed')}
            type="button"
          />
        ) : (
          <span className="nb2prod-Twist" />
        )}
        <span className="nb2prod-WorkFile-state">
          <Chip label={stateLabel(state, trans)} state={state} />
        </span>
        {isHidden ? (
          <span className="nb2prod-WorkFile-name" title={trans.__('JupyterLab does not open hidden files.')}>
            {name}
          </span>
        ) : (
          <span className="nb2prod-WorkFile-name">
            <Opens onClick={() => onOpen(file)} title={file}>
              {name}
            </Opens>
          </span>
        )}
      </div>
      {open && <Diff file={file} texts={texts} trans={trans} />}
    </li>
  );
}

function Diff(props: Pick<IProps, 'texts' | 'trans'> & { file: string }): JSX.Element {
  const { file, texts, trans } = props;
  const [found, setFound] = React.useState<ITexts | string | null>(null);
  React.useEffect(() => {
    let here = true;
    texts(file).then(
      answer => here && setFound(answer),
      error => here && setFound(messageOf(error))
    );
    return () => void (here = false);
  }, [file, texts]);
  if (found === null) {
    return <div className="nb2prod-Aside nb2prod-Diff-none">{trans.__('Reading …')}</div>;
  }
  if (typeof found === 'string') {
    return <Notice kind="error">{found}</Notice>;
  }
  if (found.before === null) {
    const told = trans.__('The text from before that conversion is not known any more.');
    return <div className="nb2prod-Aside nb2prod-Diff-none">{told}</div>;
  }
  return <Lines after={found.text} before={found.before} file={file} trans={trans} />;
}

function Lines(props: {
  before: string;
  after: string;
  file: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { before, after, file, trans } = props;
  const lines = React.useMemo(() => diffLines(before, after), [before, after]);
  const { added, removed } = counted(lines);
  const signs = { same: ' ', added: '+', removed: '−' };
  return (
    <div
      aria-label={trans.__('%1: %2 lines added, %3 removed', file, added, removed)}
      className="nb2prod-Diff"
      role="region"
      tabIndex={0}
    >
      <table>
        <tbody>
          {hunks(lines).map((line, place) =>
            line.kind === 'gap' ? (
              <tr data-kind="gap" key={place}>
                <td colSpan={4}>{trans._n('%1 line is the same', '%1 lines are the same', line.count)}</td>
              </tr>
            ) : (
              <tr data-kind={line.kind} key={place}>
                <td className="nb2prod-Diff-number">{line.before || ''}</td>
                <td className="nb2prod-Diff-number">{line.after || ''}</td>
                <td className="nb2prod-Diff-sign">{signs[line.kind]}</td>
                <td className="nb2prod-Diff-text">{line.text}</td>
              </tr>
            )
          )}
        </tbody>
      </table>
    </div>
  );
}

function stateLabel(state: FileState, trans: TranslationBundle): string {
  switch (state) {
    case 'new':
      return trans.__('new');
    case 'changed':
      return trans.__('changed');
    case 'conflict':
      return trans.__('conflict');
    case 'edited':
      return trans.__('edited by you');
    case 'unchanged':
      return trans.__('unchanged');
  }
}
