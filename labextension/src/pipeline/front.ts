// The notebook panel in front, as the pipeline panel needs it.

import type { Cell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import type { LookModel } from '../analysis/model';
import type { Choice } from '../tags/changes';
import { meaningOf } from '../tags/grammar';
import type { TagsModel } from '../tags/model';
import { nameOrNull } from '../tags/names';
import { revealCells } from '../ui/reveal';
import type { IFront, IFrontCell } from './model';

export class PanelFront implements IFront {
  constructor(
    private readonly panel: NotebookPanel,
    readonly look: LookModel,
    private readonly tags: TagsModel
  ) {
    panel.content.activeCellChanged.connect(this.tell, this);
    panel.context.pathChanged.connect(this.tell, this);
    this.tags.changed.connect(this.tell, this); // what may be written is another
  }

  get path(): string {
    return this.panel.context.path;
  }

  get refusal(): string {
    return this.tags.refusal;
  }

  get activeId(): string | null {
    return this.panel.content.activeCell?.model.id ?? null;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  cells(): readonly IFrontCell[] {
    return Array.from(this.panel.model?.cells ?? [], cell => ({
      id: cell.id,
      text: cell.sharedModel.getSource(),
      isCode: cell.type === 'code'
    }));
  }

  reveal(ids: readonly string[], line?: number): void {
    revealCells(this.panel, ids, line);
  }

  colourOf(step: string, others: readonly string[]): string {
    return this.tags.colourOf(step, others);
  }

  focus(): void {
    this.panel.content.activate();
  }

  tag(tags: ReadonlyMap<string, string>): void {
    const choices = new Map<number, Choice>();
    tags.forEach((tag, id) => {
      const choice = choiceOf(tag);
      const index = this.tags.indexOf(id);
      if (choice && index >= 0) {
        choices.set(index, choice);
      }
    });
    this.tags.chooseEach(choices);
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.panel.content.activeCellChanged?.disconnect(this.tell, this);
      this.panel.context.pathChanged?.disconnect(this.tell, this);
      this.tags.changed.disconnect(this.tell, this);
      Signal.clearData(this);
    }
  }

  private tell(_: unknown, __?: Cell | null | string | void): void {
    this.signal.emit();
  }

  private disposed = false;
  private readonly signal = new Signal<this, void>(this);
}

function choiceOf(tag: string): Choice | null {
  const meaning = meaningOf(tag);
  if (meaning?.is === 'kind') {
    return { is: 'kind', kind: meaning.kind };
  }
  const step = meaning?.is === 'step' ? nameOrNull(meaning.words) : null;
  return step === null ? null : { is: 'step', step };
}
