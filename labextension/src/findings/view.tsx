// The findings of the notebook in front, by cell, as a part of the panel.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IFinding, Severity } from '../api';
import { SeverityMark, severityWord } from '../ui/marks';
import { byCell, Counts, countsOf, ICellFindings, SEVERITIES } from './model';

export interface IFindingActions {
  jump(finding: IFinding): void;
  explain(code: string): void;
  fix(finding: IFinding): void;
  /** Why nothing can be fixed; '' when it can. */
  readonly refusal: string;
}

export interface IFindingsProps {
  readonly findings: readonly IFinding[];
  readonly hidden: ReadonlySet<Severity>;
  readonly onHide: (hidden: ReadonlySet<Severity>) => void;
  readonly actions: IFindingActions;
  readonly trans: TranslationBundle;
}

export function FindingsView(props: IFindingsProps): JSX.Element {
  const { findings, hidden, trans } = props;
  const counts = countsOf(findings);
  const cells = byCell(findings, hidden);
  return (
    <section className="nb2prod-Findings" aria-label={trans.__('Findings')}>
      <header className="nb2prod-Findings-head">
        <h3>{trans.__('Findings')}</h3>
        <Filter counts={counts} {...props} />
      </header>
      {findings.length === 0 && <p className="nb2prod-Message">{trans.__('Nothing found.')}</p>}
      {findings.length > 0 && cells.length === 0 && (
        <p className="nb2prod-Message">{trans.__('All findings are filtered out.')}</p>
      )}
      {cells.map(cell => (
        <Cell key={cell.cell} cell={cell} {...props} />
      ))}
    </section>
  );
}

function Filter({ counts, hidden, onHide, trans }: IFindingsProps & { counts: Counts }): JSX.Element {
  const toggle = (severity: Severity) => {
    const next = new Set(hidden);
    if (!next.delete(severity)) {
      next.add(severity);
    }
    onHide(next);
  };
  return (
    <div className="nb2prod-Findings-filter" role="group" aria-label={trans.__('Shown severities')}>
      {SEVERITIES.map(severity => (
        <button
          key={severity}
          type="button"
          aria-pressed={!hidden.has(severity)}
          title={severityWord(severity, trans)}
          aria-label={`${severityWord(severity, trans)}: ${counts[severity]}`}
          onClick={() => toggle(severity)}
        >
          <SeverityMark severity={severity} size={12} /> {counts[severity]}
        </button>
      ))}
    </div>
  );
}

function Cell({ cell, trans, ...props }: IFindingsProps & { cell: ICellFindings }): JSX.Element {
  const title = cell.cell === 0 ? trans.__('The notebook') : trans.__('Cell %1', cell.cell);
  return (
    <div className="nb2prod-Findings-cell">
      <h4>{title}</h4>
      <ul aria-label={title}>
        {cell.findings.map((finding, place) => (
          <Finding
            key={`${finding.code} ${finding.line} ${place}`}
            finding={finding}
            {...props}
            trans={trans}
          />
        ))}
      </ul>
    </div>
  );
}

function Finding({
  finding,
  actions,
  trans
}: Omit<IFindingsProps, 'hidden'> & { finding: IFinding }): JSX.Element {
  const { severity, message, hint, code, line, fix, cell } = finding;
  const place = line ? trans.__('line %1', line) : cell ? trans.__('the cell') : '';
  return (
    <li className="nb2prod-Finding">
      <SeverityMark severity={severity} size={14} title={severityWord(severity, trans)} />
      <div className="nb2prod-Finding-body">
        {cell === 0 ? (
          <span>{message}</span>
        ) : (
          <button type="button" className="nb2prod-Jump" onClick={() => actions.jump(finding)}>
            {place && <span className="nb2prod-Finding-place">{place}</span>} <span>{message}</span>
          </button>
        )}
        {hint && <p className="nb2prod-Finding-hint">{hint}</p>}
        <p className="nb2prod-Finding-ways">
          <button
            type="button"
            className="nb2prod-Link"
            title={trans.__('What %1 is about', code)}
            onClick={() => actions.explain(code)}
          >
            {code}
          </button>
          {fix && (
            <button
              type="button"
              className="jp-mod-styled nb2prod-Button"
              disabled={actions.refusal !== ''}
              title={actions.refusal || fix.title}
              aria-label={trans.__('Fix: %1', fix.title)}
              onClick={() => actions.fix(finding)}
            >
              {trans.__('Fix')}
            </button>
          )}
        </p>
      </div>
    </li>
  );
}
