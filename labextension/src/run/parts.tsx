// The steps of a pipeline, or the cells of a notebook, as far as they have come.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Chip, duration, Opens } from '../ui/parts';
import { statusLabel } from '../ui/words';
import type { IPart, IRunProgress } from './progress';

export function Parts(props: {
  readonly kind: 'notebook' | 'pipeline';
  readonly progress: IRunProgress;
  readonly trans: TranslationBundle;
  readonly onCell: (cell: number) => void;
}): JSX.Element | null {
  const { kind, progress, trans, onCell } = props;
  const parts = [...progress.parts.values()];
  if (!parts.length) {
    return null;
  }
  const name = kind === 'pipeline' ? trans.__('Steps') : trans.__('Cells');
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <div aria-label={name} className="nb2prod-WorkTable nb2prod-Parts" role="region" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{kind === 'pipeline' ? trans.__('Step') : trans.__('Cell')}</th>
              <th scope="col">{trans.__('State')}</th>
              <th scope="col">{trans.__('Time')}</th>
            </tr>
          </thead>
          <tbody>
            {parts.map(part => (
              <tr data-state={part.state} key={part.name}>
                <td>
                  {kind === 'pipeline' ? (
                    part.name
                  ) : (
                    <Opens onClick={() => onCell(Number(part.name))} title={trans.__('Go to the cell')}>
                      {part.name}
                    </Opens>
                  )}
                </td>
                <td>
                  <Chip label={statusLabel(part.state, trans)} state={part.state} />
                  {part.tries > 1 && (
                    <span className="nb2prod-Aside"> {trans.__('attempt %1', part.tries)}</span>
                  )}
                </td>
                <td>{timeOf(part, trans)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {progress.noted.length > 0 && (
        <ul className="nb2prod-WorkFindings">
          {progress.noted.map((text, place) => (
            <li key={place}>{text}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function timeOf(part: IPart, trans: TranslationBundle): string {
  if (part.state === 'running') {
    return duration(Math.max(0, (Date.now() - Date.parse(part.since)) / 1000), trans);
  }
  return part.seconds === null ? '' : duration(part.seconds, trans);
}
