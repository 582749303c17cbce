// The badges of one notebook: one for each code cell, as long as its cell is there.

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { PanelLayout } from '@lumino/widgets';

import type { LookModel } from '../analysis/model';
import { timed } from '../ui/idle';
import { Badge, IBadge } from './badge';
import type { Kind } from './grammar';
import type { TagsModel } from './model';

export class Badges implements IDisposable {
  constructor(
    private readonly panel: NotebookPanel,
    private readonly tags: TagsModel,
    private readonly look: LookModel | null,
    private readonly trans: TranslationBundle,
    private readonly open: (cell: Cell) => void
  ) {
    tags.changed.connect(this.update, this);
    look?.changed.connect(this.update, this);
    panel.content.activeCellChanged.connect(this.onActive, this);
    panel.disposed.connect(this.dispose, this);
    this.update();
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      cancelAnimationFrame(this.frame);
      this.badges.forEach(badge => badge.dispose());
      this.badges.clear();
      if (!this.panel.content.isDisposed) {
        this.panel.content.removeClass('nb2prod-mod-tagged');
      }
      Signal.clearData(this);
    }
  }

  /** In the next frame: a new cell is told of before its widget is there. */
  private update(): void {
    if (!this.frame && !this.disposed) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }
  }

  private draw(): void {
    if (this.disposed || this.panel.isDisposed || !this.panel.content.model) {
      return;
    }
    const notebook = this.panel.content;
    notebook.toggleClass('nb2prod-mod-tagged', this.tags.isTagged);
    timed('nb2prod:badges', () => notebook.widgets.forEach(cell => this.drawCell(cell)));
  }

  private drawCell(cell: Cell): void {
    const shown = cell.isDisposed || cell.model.type !== 'code' ? null : this.shownOf(cell);
    if (shown) {
      (this.badges.get(cell) ?? this.join(cell))?.render(shown);
    } else {
      this.badges.get(cell)?.dispose();
      this.badges.delete(cell);
    }
  }

  /** A cell that is out of sight has parts of it off the page, among which a badge would find a wrong place. */
  private join(cell: Cell): Badge | null {
    if (!cell.isAttached && !cell.isPlaceholder()) {
      cell.inViewportChanged.connect(this.update, this);
      return null;
    }
    const badge = new Badge(this.trans, () => this.open(cell));
    if (this.panel.content.activeCell === cell) {
      badge.isStop = true;
      this.stop = badge;
    }
    (cell.layout as PanelLayout).insertWidget(0, badge);
    this.badges.set(cell, badge);
    cell.inViewportChanged.disconnect(this.update, this);
    cell.disposed.connect(this.leave, this);
    return badge;
  }

  private leave(cell: Cell): void {
    this.badges.delete(cell); // the cell has disposed of it
  }

  private onActive(_: unknown, active: Cell | null): void {
    const next = (active && this.badges.get(active)) ?? null;
    if (this.stop) {
      this.stop.isStop = false;
    }
    if (next) {
      next.isStop = true;
    }
    this.stop = next;
  }

  /** What the cell's own tags say; for a cell without, what the server saw, if it saw this notebook. */
  private shownOf(cell: Cell): IBadge | null {
    const index = this.tags.indexOf(cell.model.id);
    const place = this.tags.places[index];
    if (!place || place.role === null || (!this.tags.isTagged && this.tags.refusal)) {
      return null;
    }
    const seen = !place.own && this.look?.state === 'fresh' ? this.look.cell(cell.model.id) : undefined;
    const role = seen?.role ?? place.role;
    const own = Object.entries(this.tags.cells[index]!.own);
    const step = role === 'step' ? (seen?.step ?? place.step) : null;
    return {
      number: index + 1,
      role: role as Kind | 'step',
      step,
      colour: step === null ? '' : this.tags.colourOf(step),
      own: place.own,
      marks: [...place.reading.flags],
      options: own.map(([name, value]) => `${name} ${String(value)}`).join(', '),
      contradictions: place.reading.contradictions,
      isFirst: !this.tags.isTagged,
      refusal: this.tags.refusal
    };
  }

  private readonly badges = new Map<Cell, Badge>();
  private disposed = false;
  private frame = 0;
  private stop: Badge | null = null;
}
