// What a verification found: differing names on top.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Check, Chip, Notice, Opens } from '../ui/parts';
import { IVerified, IVerifiedRow, rowsInOrder } from './model';

export function VerificationTable(props: {
  readonly found: IVerified;
  readonly trans: TranslationBundle;
  readonly onJump: (cell: number) => void;
}): JSX.Element {
  const { found, trans, onJump } = props;
  const [only, setOnly] = React.useState(false);
  const rows = rowsInOrder(found.rows, only);
  const differs = rowsInOrder(found.rows, true).length;
  return (
    <section aria-label={trans.__('Verification')} className="nb2prod-Verification">
      <Notice kind={found.equal ? 'success' : 'error'}>{found.summary}</Notice>
      {found.notices
        .filter(notice => !found.summary.includes(notice))
        .map((notice, place) => (
          <Notice key={place} kind="warning">
            {notice}
          </Notice>
        ))}
      {found.rows.length > 0 && (
        <Check
          checked={only}
          id="nb2prod-only-differences"
          label={trans.__('Only differences (%1)', differs)}
          onChange={setOnly}
        />
      )}
      {rows.length > 0 && <Rows onJump={onJump} rows={rows} trans={trans} />}
      {rows.length === 0 && found.rows.length > 0 && (
        <p className="nb2prod-Aside">{trans.__('No name differs.')}</p>
      )}
    </section>
  );
}

function Rows(props: {
  readonly rows: readonly IVerifiedRow[];
  readonly trans: TranslationBundle;
  readonly onJump: (cell: number) => void;
}): JSX.Element {
  const { rows, trans, onJump } = props;
  const hasDetail = rows.some(row => row.detail);
  return (
    <div aria-label={trans.__('Names of all steps')} className="nb2prod-WorkTable" role="region" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('Step')}</th>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Status')}</th>
            {hasDetail && <th scope="col">{trans.__('Detail')}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr data-status={row.status} key={`${row.step}.${row.name}`}>
              <td>{row.step}</td>
              <td>
                {row.cell > 0 ? (
                  <Opens onClick={() => onJump(row.cell)} title={trans.__('Go to cell %1', row.cell)}>
                    <code>{row.name}</code>
                  </Opens>
                ) : (
                  <code>{row.name}</code>
                )}
              </td>
              <td>
                <Chip label={statusLabel(row.status, trans)} state={row.status} />
              </td>
              {hasDetail && <td>{row.detail}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function statusLabel(status: IVerifiedRow['status'], trans: TranslationBundle): string {
  switch (status) {
    case 'equal':
      return trans.__('equal');
    case 'different':
      return trans.__('different');
    case 'not deterministic':
      return trans.__('not deterministic');
    case 'not compared':
      return trans.__('not compared');
  }
}
