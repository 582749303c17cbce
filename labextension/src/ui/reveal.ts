// Cells of a notebook brought before the eyes.

import type { NotebookPanel } from '@jupyterlab/notebook';

/**
 * Scrolls to the first of the cells, makes it the active one and selects them all; `line` (from 1) puts the cursor
 * there. The focus stays where it is, but for a line: then the editor has it.
 */
export function revealCells(panel: NotebookPanel, ids: readonly string[], line?: number): void {
  const notebook = panel.content;
  const wanted = new Set(ids);
  const places = notebook.widgets.flatMap((cell, place) => (wanted.has(cell.model.id) ? [place] : []));
  const first = places[0];
  if (first === undefined) {
    return;
  }
  notebook.mode = 'command';
  notebook.deselectAll();
  notebook.activeCellIndex = first;
  if (places.length > 1) {
    places.forEach(place => notebook.select(notebook.widgets[place]!));
  }
  notebook.scrollToItem(first, 'smart').catch(() => undefined); // it was closed meanwhile
  if (line !== undefined && line > 0) {
    void putCursor(panel, first, line);
  }
}

/** Where the editor is not there yet it is made when the cell comes into view. */
async function putCursor(panel: NotebookPanel, place: number, line: number): Promise<void> {
  const cell = panel.content.widgets[place]!;
  await cell.ready;
  const editor = cell.editor;
  if (!editor || panel.isDisposed || cell.isDisposed) {
    return;
  }
  panel.content.mode = 'edit';
  const at = { line: Math.min(line, editor.lineCount) - 1, column: 0 };
  editor.setCursorPosition(at);
  editor.revealPosition(at);
  editor.focus();
}
