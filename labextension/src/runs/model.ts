// The runs that are shown: a page at a time, refreshed while they are seen.

import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { IRunFilter, IRunRow, Jobs, wordsOf } from '../jobs';
import { isFinal } from '../rest';
import { Refresher } from '../ui/refresher';
import { IKnown, merge, NOTHING, stale } from './pages';

export const PAGE = 50;
export const ALL_RUNS: IRunFilter = { status: [], schedule: '', definition: '' };
const OLDER_PAGES = 3; // that are looked at again in one go

export type RunsState = 'waiting' | 'ready';

export class RunsModel implements IDisposable {
  constructor(
    readonly jobs: Pick<Jobs, 'runs' | 'cancel' | 'retry' | 'schedules' | 'definitions'>,
    filter: Partial<IRunFilter> = {},
    interval = 5000
  ) {
    this.current = { ...ALL_RUNS, ...filter };
    this.refresher = new Refresher(() => this.ask(), interval);
    this.refresher.changed.connect(() => this.tell());
  }

  get runs(): readonly IRunRow[] {
    return this.known.items;
  }

  /** Whether there are older ones than those that are known. */
  get hasOlder(): boolean {
    return this.known.next !== null;
  }

  /** `waiting` until the first answer to this filter. */
  get state(): RunsState {
    return this.arrived ? 'ready' : 'waiting';
  }

  get isLoadingOlder(): boolean {
    return this.loading !== null;
  }

  get filter(): IRunFilter {
    return this.current;
  }

  /** Why the runs could not be asked for; it is tried again. */
  get trouble(): string {
    return this.refresher.trouble;
  }

  /** What could not be done, until it is dismissed. */
  get refusals(): readonly string[] {
    return this.refused;
  }

  get selection(): ReadonlySet<string> {
    return this.selected;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get filterChanged(): ISignal<this, IRunFilter> {
    return this.filterSignal;
  }

  get isDisposed(): boolean {
    return this.refresher.isDisposed;
  }

  set isShown(shown: boolean) {
    this.refresher.isShown = shown;
  }

  /** What was known of another filter is forgotten. */
  async setFilter(filter: Partial<IRunFilter>): Promise<void> {
    this.current = { ...this.current, ...filter };
    this.ticket++;
    this.known = NOTHING;
    this.arrived = false;
    this.loading = null;
    this.selected = new Set();
    this.filterSignal.emit(this.current);
    this.tell();
    await this.refresh();
  }

  async refresh(): Promise<void> {
    await this.refresher.refresh();
  }

  /** One page more. */
  async loadOlder(): Promise<void> {
    const before = this.known.next;
    if (before === null || this.loading !== null) {
      return;
    }
    this.loading = before;
    this.tell();
    const ticket = this.ticket;
    try {
      const page = await this.jobs.runs(this.current, before, PAGE);
      if (ticket === this.ticket && this.known.next === before) {
        this.known = merge(this.known, before, page);
      }
    } catch (error) {
      this.refused = [wordsOf(error)];
    }
    if (ticket === this.ticket) {
      this.loading = null;
    }
    this.tell();
  }

  select(ids: readonly string[], isSelected: boolean): void {
    const after = new Set(this.selected);
    ids.forEach(id => (isSelected ? after.add(id) : after.delete(id)));
    this.selected = after;
    this.tell();
  }

  /** Of those given, which can be cancelled, and which can run again. */
  able(ids: Iterable<string>): { readonly cancel: readonly string[]; readonly retry: readonly string[] } {
    const wanted = new Set(ids);
    const chosen = this.runs.filter(run => wanted.has(run.id));
    return {
      cancel: chosen.filter(run => !isFinal(run.status) && !run.cancel_requested).map(run => run.id),
      retry: chosen.filter(run => isFinal(run.status)).map(run => run.id)
    };
  }

  async cancel(ids: readonly string[]): Promise<void> {
    await this.each(ids, id => this.jobs.cancel(id));
  }

  async retry(ids: readonly string[]): Promise<void> {
    await this.each(ids, id => this.jobs.retry(id));
  }

  dismiss(): void {
    this.refused = [];
    this.tell();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.refresher.dispose();
      Signal.clearData(this);
    }
  }

  private async ask(): Promise<void> {
    const ticket = this.ticket;
    await this.look('', ticket);
    for (const before of stale(this.known, PAGE, OLDER_PAGES, run => !isFinal(run.status))) {
      await this.look(before, ticket);
    }
  }

  /** Takes the page in at once: others may have come in while it was asked for. */
  private async look(before: string, ticket: number): Promise<void> {
    const page = await this.jobs.runs(this.current, before, PAGE);
    if (ticket !== this.ticket) {
      return; // of another filter
    }
    this.known = merge(this.known, before, page);
    const there = new Set(this.known.items.map(run => run.id));
    this.selected = new Set([...this.selected].filter(id => there.has(id)));
    this.arrived = true;
    this.tell();
  }

  /** One after the other: what is refused does not keep the rest from being done. */
  private async each(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<void> {
    const refused: string[] = [];
    for (const id of ids) {
      await act(id).catch(error => refused.push(wordsOf(error)));
    }
    this.refused = refused;
    this.selected = new Set();
    this.tell();
    await this.refresh();
  }

  private tell(): void {
    if (!this.isDisposed) {
      this.signal.emit();
    }
  }

  private arrived = false;
  private current: IRunFilter;
  private readonly filterSignal = new Signal<this, IRunFilter>(this);
  private known: IKnown<IRunRow> = NOTHING;
  private loading: string | null = null;
  private readonly refresher: Refresher;
  private refused: readonly string[] = [];
  private selected: ReadonlySet<string> = new Set();
  private readonly signal = new Signal<this, void>(this);
  private ticket = 0;
}
