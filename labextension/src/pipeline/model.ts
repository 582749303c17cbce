// What the panel shows of the notebook in front: its graph, where one is, and what is proposed. It knows no widgets.

import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { LookModel } from '../analysis/model';
import type { Client, ILook } from '../api';
import type { IStepState, IStepStates } from '../tokens';
import { timed, whenIdle } from '../ui/idle';
import { messageOf } from '../ui/waiting';
import { EMPTY, ILayout, layoutOf, PARAMETERS, shapeOf } from './layout';
import { current, groupsOf, IProposed, Proposal, proposalOf, renamed, without } from './proposal';

export interface IFrontCell {
  readonly id: string;
  readonly text: string;
  readonly isCode: boolean;
}

/** The notebook in front, as far as the panel needs it. */
export interface IFront extends IDisposable {
  readonly look: Pick<
    LookModel,
    'look' | 'state' | 'problem' | 'changed' | 'cell' | 'idOf' | 'refresh' | 'source'
  >;
  readonly path: string;
  /** Why nothing can be written; '' when it can. */
  readonly refusal: string;
  readonly activeId: string | null;
  /** Another cell is active, or the notebook has another name. */
  readonly changed: ISignal<IFront, void>;
  cells(): readonly IFrontCell[];
  /** Brings the cells into view and selects them; `line` (from 1) puts the cursor into the first. */
  reveal(ids: readonly string[], line?: number): void;
  colourOf(step: string, others: readonly string[]): string;
  /** Focus goes to the notebook. */
  focus(): void;
  /** Tags written in one go, undone in one go. */
  tag(tags: ReadonlyMap<string, string>): void;
}

/** `untagged`, `ready` have a graph; the others say why there is none. */
export type Status = 'none' | 'waiting' | 'failed' | 'refused' | 'empty' | 'untagged' | 'ready';

type Later = (work: () => void) => () => void;

export class PipelineModel implements IDisposable {
  constructor(
    private readonly client: Pick<Client, 'suggestions'>,
    private readonly states: IStepStates,
    private readonly later: Later = whenIdle
  ) {
    states.changed.connect(this.onStates, this);
  }

  get front(): IFront | null {
    return this.notebook;
  }

  set front(front: IFront | null) {
    if (front === this.notebook) {
      return;
    }
    this.leave();
    this.notebook = front;
    this.drawn = { graph: EMPTY, shape: '' };
    [this.proposed, this.trouble, this.allTagged] = [null, '', false];
    this.countCode();
    front?.look.changed.connect(this.onLook, this);
    front?.changed.connect(this.onFront, this);
    this.drawLater();
    this.signal.emit();
  }

  /** Whatever is shown is another. */
  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  get look(): ILook | null {
    return this.notebook?.look.look ?? null;
  }

  get graph(): ILayout {
    return this.drawn.graph;
  }

  /** What is shown is older than the notebook. */
  get isStale(): boolean {
    return this.notebook?.look.state !== 'fresh';
  }

  get status(): Status {
    if (!this.notebook) {
      return 'none';
    }
    if (this.notebook.look.state === 'failed') {
      return 'failed';
    }
    const look = this.look;
    if (!look) {
      return 'waiting';
    }
    if (look.refused !== null) {
      return 'refused';
    }
    if (this.hasNoCode) {
      return 'empty';
    }
    return look.tagged ? 'ready' : 'untagged';
  }

  /** The node of the active cell, or null. */
  get currentNode(): string | null {
    const id = this.notebook?.activeId;
    const cell = id ? this.notebook?.look.cell(id) : undefined;
    return cell ? nodeOf(this.look, cell.number) : null;
  }

  stateOf(step: string): IStepState | null {
    return this.stepStates.get(step) ?? null;
  }

  /** A value of CSS: the one of the cells' badges. */
  colourOf(step: string): string {
    const suggested = this.proposedGroups.flatMap(group => group.step ?? []);
    return this.notebook?.colourOf(step, suggested) ?? '';
  }

  /** Brings the cells of a node into view. */
  revealNode(node: string): void {
    const look = this.look;
    const numbers =
      node === PARAMETERS
        ? [...new Set(look?.parameters.map(parameter => parameter.cell))]
        : (look?.steps.find(step => step.name === node)?.cells ?? []);
    this.revealCells(numbers);
  }

  /** Cells by the numbers that they had when they were looked at. */
  revealCells(numbers: readonly number[], line?: number): void {
    const ids = numbers.flatMap(number => this.notebook?.look.idOf(number) ?? []);
    if (ids.length) {
      this.notebook?.reveal(ids, line);
    }
  }

  // ---------------------------------------------------------------- the proposal

  get proposal(): Proposal | null {
    return this.proposed;
  }

  /** Why there is no proposal. */
  get proposalTrouble(): string {
    return this.trouble;
  }

  /** There was nothing to propose. */
  get isAllTagged(): boolean {
    return this.allTagged;
  }

  async suggest(): Promise<void> {
    const front = this.notebook;
    if (!front) {
      return;
    }
    const cells = front.cells();
    try {
      const suggestions = await this.client.suggestions(front.path, front.look.source.content());
      if (front === this.notebook) {
        this.trouble = '';
        this.keepProposal(proposalOf(suggestions, cells));
        this.allTagged = this.proposed === null;
      }
    } catch (error) {
      if (front === this.notebook) {
        [this.proposed, this.trouble] = [null, messageOf(error)];
      }
    }
    this.signal.emit();
  }

  /** Writes the tags of these, and takes them off the list. */
  accept(items: readonly IProposed[]): void {
    const front = this.notebook;
    if (!front || front.refusal || !this.proposed) {
      return;
    }
    const there = new Set(front.cells().map(cell => cell.id));
    front.tag(new Map(items.filter(item => there.has(item.id)).map(item => [item.id, item.tag])));
    this.keep(
      without(
        this.proposed,
        items.map(item => item.id)
      )
    );
  }

  dismiss(items: readonly IProposed[]): void {
    this.keep(
      without(
        this.proposed ?? [],
        items.map(item => item.id)
      )
    );
  }

  rename(step: string, name: string): void {
    this.keep(renamed(this.proposed ?? [], step, name));
  }

  closeProposal(): void {
    [this.proposed, this.trouble, this.allTagged] = [null, '', false];
    this.signal.emit();
  }

  get proposedGroups() {
    return groupsOf(this.proposed ?? []);
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.leave();
      this.states.changed.disconnect(this.onStates, this);
      Signal.clearData(this);
    }
  }

  private keep(proposal: Proposal): void {
    this.keepProposal(proposal);
    this.signal.emit();
  }

  private keepProposal(proposal: Proposal): void {
    this.proposed = proposal.length ? proposal : null;
  }

  private countCode(): void {
    this.hasNoCode = this.notebook?.cells().every(cell => !cell.isCode || !cell.text.trim()) ?? false;
  }

  private get stepStates(): ReadonlyMap<string, IStepState> {
    return this.states.of(this.notebook?.path ?? '');
  }

  private onLook(): void {
    const front = this.notebook;
    if (front && front.look.state === 'fresh') {
      this.countCode();
      this.drawLater();
      if (this.proposed?.length) {
        this.keepProposal(current(this.proposed, front.cells(), id => front.look.cell(id)?.own ?? false));
      }
    }
    this.signal.emit();
  }

  private onFront(): void {
    this.signal.emit();
  }

  private onStates(_: IStepStates, path: string): void {
    if (path === this.notebook?.path) {
      this.drawLater();
      this.signal.emit();
    }
  }

  private drawLater(): void {
    this.cancel();
    this.cancel = this.later(() => this.draw());
  }

  private draw(): void {
    const look = this.look;
    if (this.disposed || !look) {
      return;
    }
    const tall = this.stepStates.size > 0;
    const shape = shapeOf(look, tall);
    if (shape !== this.drawn.shape) {
      this.drawn = { graph: timed('nb2prod:layout', () => layoutOf(look, tall)), shape };
      this.signal.emit();
    }
  }

  private leave(): void {
    this.cancel();
    this.notebook?.look.changed.disconnect(this.onLook, this);
    this.notebook?.changed.disconnect(this.onFront, this);
    this.notebook?.dispose();
    this.notebook = null;
  }

  private allTagged = false;
  private cancel: () => void = () => undefined;
  private disposed = false;
  private drawn = { graph: EMPTY, shape: '' };
  private hasNoCode = false;
  private notebook: IFront | null = null;
  private proposed: Proposal | null = null;
  private readonly signal = new Signal<this, void>(this);
  private trouble = '';
}

/** The node that a cell is part of, by the cell's number. */
export function nodeOf(look: ILook | null, cell: number): string | null {
  const step = look?.steps.find(each => each.cells.includes(cell));
  if (step) {
    return step.name;
  }
  return look?.parameters.some(parameter => parameter.cell === cell) ? PARAMETERS : null;
}
