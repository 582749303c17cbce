// Findings as a dialog or a tab tells them, each with the way to its line.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { cellLabel, Opens } from '../ui/parts';
import type { IConverted } from './model';

export function FindingList(props: {
  readonly findings: IConverted['findings'];
  readonly trans: TranslationBundle;
  readonly onJump: (cell: number, line: number) => void;
}): JSX.Element {
  const { findings, trans, onJump } = props;
  return (
    <ul className="nb2prod-WorkFindings">
      {findings.map((finding, place) => (
        <li key={place}>
          <Opens onClick={() => onJump(finding.cell, finding.line)} title={trans.__('Go to the line')}>
            {cellLabel(finding.cell, finding.line, trans)}
          </Opens>{' '}
          {finding.message} <span className="nb2prod-Aside">{finding.hint}</span>
        </li>
      ))}
    </ul>
  );
}
