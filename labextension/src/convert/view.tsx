// The tab of a conversion or a verification: what happens, and what came of it.

import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { pipelineIcon } from '../ui/icons';
import { useModel } from '../ui/hooks';
import { Button, Chip, duration, Notice, useClock } from '../ui/parts';
import { statusLabel } from '../ui/words';
import { Files, ITexts } from './files';
import { FindingList } from './findings';
import { countStates, IConverted, Work } from './model';
import type { OperationModel } from './operation';
import { VerificationTable } from './table';

/** What the tab does elsewhere in JupyterLab. */
export interface IWorkActions {
  readonly trans: TranslationBundle;

  /** The document pages of Notebook 7 have no file browser. */
  readonly hasFolders: boolean;
  convertAgain(work: Work): void;
  openFile(path: string): void;
  runPipeline(folder: string): void;
  showFolder(folder: string): void;
  jumpInNotebook(work: Work, cell: number, line: number): void;
  texts(folder: string, file: string): Promise<ITexts>;
}

export function workWidget(work: Work, actions: IWorkActions): MainAreaWidget<ReactWidget> {
  const { trans } = actions;
  const content = ReactWidget.create(<WorkView actions={actions} work={work} />);
  content.addClass('nb2prod-Work');
  const widget = new MainAreaWidget({ content });
  const name = work.path.split('/').pop()!;
  const isConversion = work.kept.kind === 'convert';
  widget.id = `nb2prod-work-${work.key}`;
  widget.title.label = isConversion
    ? trans.__('Conversion of %1', name)
    : trans.__('Verification of %1', name);
  widget.title.caption = work.path;
  widget.title.closable = true;
  widget.title.icon = pipelineIcon;
  widget.toolbar.hide();
  return widget;
}

function WorkView({ work, actions }: { work: Work; actions: IWorkActions }): JSX.Element {
  useModel(work);
  useClock(work.isRunning);
  const { conversion, verification } = work;
  const { trans } = actions;
  return (
    <div className="nb2prod-WorkPage">
      {conversion && (
        <OperationHead name={trans.__('Conversion')} operation={conversion} trans={trans}>
          <span>
            {work.path} → {work.folder}
          </span>
        </OperationHead>
      )}
      {conversion && <Ending actions={actions} operation={conversion} work={work} />}
      {conversion?.state === 'completed' && conversion.result && (
        <Converted actions={actions} result={conversion.result} work={work} />
      )}
      {work.problem && <Notice kind="error">{work.problem}</Notice>}
      {verification && (
        <OperationHead name={trans.__('Verification')} operation={verification} trans={trans}>
          <span>{work.folder}</span>
        </OperationHead>
      )}
      {verification && <Ending actions={actions} operation={verification} work={work} />}
      {verification?.state === 'completed' && verification.result && (
        <VerificationTable
          found={verification.result}
          onJump={cell => actions.jumpInNotebook(work, cell, 0)}
          trans={trans}
        />
      )}
      {!conversion && !verification && !work.problem && (
        <p className="nb2prod-Aside">{trans.__('Nothing was started here.')}</p>
      )}
      <Foot actions={actions} work={work} />
    </div>
  );
}

function OperationHead(props: {
  readonly name: string;
  readonly operation: OperationModel;
  readonly trans: TranslationBundle;
  readonly children: React.ReactNode;
}): JSX.Element {
  const { name, operation, trans, children } = props;
  const isRunning = operation.isRunning;
  return (
    <>
      <header className="nb2prod-WorkHead">
        <h2>{name}</h2>
        <Chip label={statusLabel(operation.state, trans)} state={operation.state} />
        {operation.state !== 'stopped' && (
          <span className="nb2prod-Aside">{duration(operation.seconds, trans)}</span>
        )}
        <span className="nb2prod-WorkHead-about">{children}</span>
        {isRunning && (
          <Button
            disabled={operation.isCancelling}
            label={operation.isCancelling ? trans.__('Cancelling …') : trans.__('Cancel')}
            onClick={() => void operation.cancel()}
          />
        )}
      </header>
      {isRunning && <div aria-label={name} className="nb2prod-Busy" role="progressbar" />}
      {operation.problem && (
        <Notice kind="warning">
          {trans.__('The server cannot be reached; it is tried again. (%1)', operation.problem)}
        </Notice>
      )}
      <Events isRunning={isRunning} operation={operation} trans={trans} />
    </>
  );
}

const SHOWN = 200;

function Events(props: {
  readonly operation: OperationModel;
  readonly isRunning: boolean;
  readonly trans: TranslationBundle;
}): JSX.Element | null {
  const { operation, isRunning, trans } = props;
  const end = React.useRef<HTMLOListElement>(null);
  const count = operation.events.length;
  React.useEffect(() => {
    end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [count]);
  if (!count) {
    return null;
  }
  const list = (
    <ol
      aria-label={trans.__('What happened')}
      className="nb2prod-WorkEvents"
      ref={end}
      role="log"
      tabIndex={0}
    >
      {operation.events.slice(-SHOWN).map(event => (
        <li key={event.number}>{event.text}</li>
      ))}
    </ol>
  );
  return isRunning ? (
    list
  ) : (
    <details>
      <summary>{trans._n('%1 event', '%1 events', count)}</summary>
      {list}
    </details>
  );
}

/** Why there is no result. */
function Ending(props: {
  readonly operation: OperationModel;
  readonly work: Work;
  readonly actions: IWorkActions;
}): JSX.Element | null {
  const { operation, work, actions } = props;
  const { trans } = actions;
  if (operation.state === 'cancelled') {
    return <Notice kind="info">{trans.__('It was cancelled. What it had started has ended.')}</Notice>;
  }
  if (operation.state === 'stopped') {
    return (
      <Notice kind="warning">
        {work.kept.isOver
          ? trans.__('The server does not keep this any more. Start it again to see its result.')
          : trans.__('The server was restarted, and this was stopped with it. Start it again.')}
      </Notice>
    );
  }
  if (operation.state !== 'failed') {
    return null;
  }
  const findings = (operation.result as IConverted | null)?.findings ?? [];
  return (
    <Notice kind="error">
      <div className="nb2prod-mod-pre">{findings.length ? headline(operation) : operation.error?.detail}</div>
      <Findings actions={actions} findings={findings} work={work} />
    </Notice>
  );
}

function headline(operation: OperationModel): string {
  return (operation.error?.detail ?? '').split('\n')[0]!;
}

function Findings(props: {
  readonly findings: IConverted['findings'];
  readonly work: Work;
  readonly actions: IWorkActions;
}): JSX.Element | null {
  const { findings, work, actions } = props;
  const onJump = (cell: number, line: number) => actions.jumpInNotebook(work, cell, line);
  return findings.length ? <FindingList findings={findings} onJump={onJump} trans={actions.trans} /> : null;
}

function Converted(props: { work: Work; result: IConverted; actions: IWorkActions }): JSX.Element {
  const { work, result, actions } = props;
  const { trans } = actions;
  const { folder } = result;
  const texts = React.useCallback((file: string) => actions.texts(folder, file), [actions, folder]);
  const warnings = result.findings.filter(finding => finding.severity === 'warning');
  return (
    <>
      <Notice kind={result.conflicts.length ? 'warning' : 'success'}>{summary(result, trans)}</Notice>
      {result.notices.map((notice, place) => (
        <Notice key={place} kind="info">
          {notice}
        </Notice>
      ))}
      {warnings.length > 0 && (
        <details>
          <summary>{trans._n('%1 warning', '%1 warnings', warnings.length)}</summary>
          <Findings actions={actions} findings={warnings} work={work} />
        </details>
      )}
      <Files
        files={result.files}
        onOpen={file => actions.openFile(`${folder}/${file}`)}
        texts={texts}
        trans={trans}
      />
    </>
  );
}

function summary(result: IConverted, trans: TranslationBundle): string {
  const counts = countStates(result.files);
  const said = [
    counts.conflict && trans._n('%1 conflict', '%1 conflicts', counts.conflict),
    counts.new && trans._n('%1 new file', '%1 new files', counts.new),
    counts.changed && trans._n('%1 changed', '%1 changed', counts.changed),
    counts.edited && trans._n('%1 edited by you and left so', '%1 edited by you and left so', counts.edited),
    counts.unchanged && trans._n('%1 unchanged', '%1 unchanged', counts.unchanged)
  ].filter(part => part);
  const recorded = result.recorded ? ` ${trans.__('Fingerprints of its values are recorded.')}` : '';
  return `${trans.__('Converted into %1: %2.', result.folder, said.join(', '))}${recorded}`;
}

function Foot({ work, actions }: { work: Work; actions: IWorkActions }): JSX.Element | null {
  const { trans } = actions;
  const isThere = work.kept.kind === 'verify' || work.conversion?.state === 'completed';
  if (work.isRunning) {
    return null;
  }
  return (
    <footer className="nb2prod-Foot">
      {work.kept.kind === 'convert' && (
        <Button label={trans.__('Convert again …')} onClick={() => actions.convertAgain(work)} />
      )}
      {isThere && <Button label={trans.__('Verify')} onClick={() => void verify(work)} />}
      {isThere && <Button label={trans.__('Run …')} onClick={() => actions.runPipeline(work.folder)} />}
      {isThere && actions.hasFolders && (
        <Button label={trans.__('Show the folder')} onClick={() => actions.showFolder(work.folder)} />
      )}
    </footer>
  );
}

async function verify(work: Work): Promise<void> {
  await work.verify().catch(error => work.fail(error));
}
