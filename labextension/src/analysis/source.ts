// A notebook panel as the source of looks.

import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { INotebookSource } from './model';

/** Says each change of text, order or metadata of cells; outputs change nothing that nb2prod reads. */
export class PanelSource implements INotebookSource, IDisposable {
  constructor(private readonly panel: NotebookPanel) {
    panel.context.ready.then(() => this.watch()).catch(() => undefined); // it was closed before it was there
    panel.disposed.connect(() => this.dispose());
  }

  get path(): string {
    return this.panel.context.localPath;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  cellIds(): readonly string[] {
    return Array.from(this.panel.model?.cells ?? [], cell => cell.id);
  }

  /** Without outputs, which may be large. */
  content(): INotebookContent {
    const model = this.panel.model;
    const cells = Array.from(model?.cells ?? [], cell => ({
      cell_type: cell.type,
      id: cell.id,
      metadata: cell.metadata,
      source: cell.sharedModel.getSource(),
      ...(cell.type === 'code'
        ? {
            execution_count: (cell as ICodeCellModel).executionCount ?? null,
            outputs: []
          }
        : {})
    }));
    const metadata = { ...model?.metadata };
    return {
      cells,
      metadata,
      nbformat: model?.nbformat ?? 4,
      nbformat_minor: model?.nbformatMinor ?? 5
    } as INotebookContent;
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.watched.forEach(cell => this.leave(cell));
      this.watched.clear();
      Signal.clearData(this);
    }
  }

  private watch(): void {
    const cells = this.panel.model?.cells;
    if (!cells || this.disposed) {
      return;
    }
    this.follow();
    cells.changed.connect(this.onCells, this);
    this.panel.model?.metadataChanged.connect(this.tell, this);
    this.tell();
  }

  private onCells(): void {
    this.follow();
    this.tell();
  }

  /** JupyterLab does not tell the notebook of a change of a cell's metadata. */
  private follow(): void {
    const cells = new Set(this.panel.model?.cells ?? []);
    this.watched.forEach(cell => cells.has(cell) || this.leave(cell));
    cells.forEach(cell => this.watched.has(cell) || this.join(cell));
    this.watched = cells;
  }

  private join(cell: ICellModel): void {
    cell.sharedModel.changed.connect(this.onCell, this);
    cell.metadataChanged.connect(this.tell, this);
  }

  private leave(cell: ICellModel): void {
    cell.sharedModel.changed.disconnect(this.onCell, this);
    cell.metadataChanged.disconnect(this.tell, this);
  }

  private onCell(_: unknown, change: { sourceChange?: unknown; metadataChange?: unknown }): void {
    if (change.sourceChange !== undefined || change.metadataChange !== undefined) {
      this.tell();
    }
  }

  private tell(): void {
    this.signal.emit();
  }

  private disposed = false;
  private readonly signal = new Signal<this, void>(this);
  private watched: Set<ICellModel> = new Set();
}
