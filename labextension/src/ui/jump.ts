// From what is said about a cell to the cell: open its notebook and put the cursor on the line.

import type { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookPanel } from '@jupyterlab/notebook';

/** `cell` and `line` count from 1; 0 leaves the place as it is. Resolves to null when it is no notebook. */
export async function jump(
  documents: IDocumentManager,
  path: string,
  cell = 0,
  line = 0
): Promise<NotebookPanel | null> {
  const panel = documents.openOrReveal(path);
  if (!(panel instanceof NotebookPanel)) {
    return null;
  }
  await panel.revealed;
  await panel.context.ready;
  const { content } = panel;
  const widget = content.widgets[cell - 1];
  if (!widget) {
    return panel;
  }
  content.deselectAll();
  content.activeCellIndex = cell - 1;
  await content.scrollToCell(widget);
  await widget.ready;
  if (line > 0 && widget.editor && line <= widget.editor.lineCount) {
    content.mode = 'edit';
    widget.editor.setCursorPosition({ line: line - 1, column: 0 });
    widget.editor.focus();
  } else {
    content.node.focus();
  }
  return panel;
}
