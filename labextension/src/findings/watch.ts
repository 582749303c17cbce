// The findings of one notebook, handed to the marks of its cells.

import type { ICellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IDisposable } from '@lumino/disposable';

import type { LookModel } from '../analysis/model';
import type { IFinding } from '../api';
import { timed, whenIdle } from '../ui/idle';
import type { Marks } from './marks';

const AT_ONCE = 8; // milliseconds of marks before the page may do something else

export class Watch implements IDisposable {
  constructor(
    private readonly panel: NotebookPanel,
    readonly look: LookModel,
    private readonly marks: Marks,
    private readonly shown: (findings: readonly IFinding[]) => readonly IFinding[]
  ) {
    look.changed.connect(this.onLook, this);
    panel.disposed.connect(this.dispose, this);
    this.onLook();
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** The findings of each cell again, a few cells at a time. */
  draw(): void {
    this.cancel();
    const cells = Array.from(this.panel.model?.cells ?? []).filter(cell => cell.type === 'code');
    const findings = this.byCell();
    const some = () => {
      const end = performance.now() + AT_ONCE;
      while (cells.length && performance.now() < end) {
        this.mark(cells.shift()!, findings);
      }
    };
    const go = () => {
      timed('nb2prod:marks', some);
      if (cells.length) {
        this.cancel = whenIdle(go);
      }
    };
    this.cancel = whenIdle(go);
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.cancel();
      this.look.changed.disconnect(this.onLook, this);
      this.panel.disposed.disconnect(this.dispose, this);
    }
  }

  private onLook(): void {
    if (this.look.state === 'fresh') {
      this.draw();
    }
  }

  private byCell(): ReadonlyMap<string, readonly IFinding[]> {
    const cells = new Map<string, IFinding[]>();
    for (const finding of this.shown(this.look.look?.findings ?? [])) {
      const id = this.look.idOf(finding.cell);
      if (id !== undefined) {
        cells.set(id, [...(cells.get(id) ?? []), finding]);
      }
    }
    return cells;
  }

  private mark(cell: ICellModel, findings: ReadonlyMap<string, readonly IFinding[]>): void {
    const text = this.look.textOf(cell.id);
    if (text !== undefined) {
      this.marks.set(cell, findings.get(cell.id) ?? [], text);
    }
  }

  private cancel: () => void = () => undefined;
  private disposed = false;
}
