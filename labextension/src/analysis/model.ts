// The look at one notebook: asked for when it rests, never while it is typed in, and never an answer of yesterday.

import type { INotebookContent } from '@jupyterlab/nbformat';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import type { Client, ICellLook, ILook } from '../api';
import { timed } from '../ui/idle';
import { messageOf } from '../ui/waiting';

/** A notebook, as far as a look needs it; the ids are its cells', in order. */
export interface INotebookSource {
  readonly path: string;
  readonly changed: ISignal<unknown, void>;
  cellIds(): readonly string[];
  content(): INotebookContent;
}

export type LookState = 'waiting' | 'fresh' | 'failed';

export class LookModel implements IDisposable {
  constructor(
    readonly source: INotebookSource,
    private readonly client: Pick<Client, 'look'>,
    delay = 400
  ) {
    this.debouncer = new Debouncer(() => this.ask(), delay);
    source.changed.connect(this.onChanged, this);
    void this.debouncer.invoke().catch(ignoreDisposal);
  }

  /** The last answer; it is of the notebook as it was then, which `state` tells. */
  get look(): ILook | null {
    return this.answer;
  }

  get state(): LookState {
    return this.current;
  }

  /** Why there is no answer. */
  get problem(): string {
    return this.failure;
  }

  /** The look or its state is another. */
  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** What was seen of a cell, wherever it stands by now. */
  cell(id: string): ICellLook | undefined {
    const place = this.places.get(id);
    return place === undefined ? undefined : this.answer?.cells[place];
  }

  /** What stood in a cell when it was looked at. */
  textOf(id: string): string | undefined {
    return this.texts.get(id);
  }

  /** The id of the cell that had this number (from 1) when it was looked at. */
  idOf(number: number): string | undefined {
    return this.ids[number - 1];
  }

  /** Look now; resolves when an answer is here: this one's, or that of a newer question which took its place. */
  async refresh(): Promise<void> {
    let question = this.ask();
    await question;
    while (question !== this.question) {
      question = this.question;
      await question;
    }
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.controller?.abort();
      this.debouncer.dispose();
      this.source.changed.disconnect(this.onChanged, this);
      Signal.clearData(this);
    }
  }

  private onChanged(): void {
    this.move('waiting');
    void this.debouncer.invoke().catch(ignoreDisposal);
  }

  private ask(): Promise<void> {
    return (this.question = this.put());
  }

  private async put(): Promise<void> {
    const ticket = ++this.ticket;
    this.controller?.abort();
    const controller = (this.controller = new AbortController());
    const ids = this.source.cellIds();
    const content = timed('nb2prod:read', () => this.source.content());
    try {
      const look = await this.client.look(this.source.path, content, controller.signal);
      if (ticket === this.ticket && !this.disposed) {
        this.take(look, ids, content);
      }
    } catch (error) {
      if (ticket === this.ticket && !this.disposed) {
        this.failure = messageOf(error);
        this.move('failed');
      }
    }
  }

  private take(look: ILook, ids: readonly string[], content: INotebookContent): void {
    this.answer = look;
    this.ids = ids;
    this.texts = new Map(content.cells.map((cell, place) => [ids[place] ?? '', textIn(cell.source)]));
    this.places = new Map(ids.map((id, place) => [id, place]));
    this.failure = '';
    this.current = 'fresh';
    this.signal.emit();
  }

  private move(state: LookState): void {
    if (state !== this.current || state === 'failed') {
      this.current = state;
      this.signal.emit();
    }
  }

  private answer: ILook | null = null;
  private controller: AbortController | null = null;
  private current: LookState = 'waiting';
  private readonly debouncer: Debouncer;
  private disposed = false;
  private failure = '';
  private ids: readonly string[] = [];
  private places: ReadonlyMap<string, number> = new Map();
  private question: Promise<void> = Promise.resolve();
  private readonly signal = new Signal<this, void>(this);
  private texts: ReadonlyMap<string, string> = new Map();
  private ticket = 0;
}

function textIn(source: string | readonly string[]): string {
  return typeof source === 'string' ? source : source.join('');
}

function ignoreDisposal(): void {
  // a debouncer that is disposed rejects what still waits
}
