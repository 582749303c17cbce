// A fix carried out in the notebook: one step of undo.

import type { ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';

import type { LookModel } from '../analysis/model';
import type { IFinding } from '../api';
import { undoStep } from '../ui/undo';
import { IReplacement, whatToFix } from './model';

/** False when a cell is no longer what was looked at; then nothing is changed. */
export function fixIn(panel: NotebookPanel, look: LookModel, finding: IFinding): boolean {
  const cells = new Map(Array.from(panel.model?.cells ?? [], cell => [cell.id, cell]));
  const fixes = whatToFix(finding, look, id => cells.get(id)?.sharedModel.getSource());
  if (!fixes || !panel.model) {
    return false;
  }
  if (fixes.length === 1) {
    // within one cell it belongs to the undo of its editor, as what is typed does
    const cell = cells.get(fixes[0]!.id)!;
    undoStep(cell.sharedModel, () => replaceIn(cell, fixes[0]!.replacements));
  } else {
    undoStep(panel.model.sharedModel, () =>
      fixes.forEach(fix => replaceIn(cells.get(fix.id)!, fix.replacements))
    );
  }
  return true;
}

function replaceIn(cell: ICellModel, replacements: readonly IReplacement[]): void {
  replacements.forEach(({ from, to, insert }) => cell.sharedModel.updateSource(from, to, insert));
}
