// The schedules that are shown, and what can be done with one.

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { IScheduleRow, Jobs, wordsOf } from '../jobs';
import { Refresher } from '../ui/refresher';

export const PAGE = 100;

export class SchedulesModel implements IDisposable {
  constructor(
    readonly jobs: Jobs,
    interval = 5000
  ) {
    this.refresher = new Refresher(() => this.ask(), interval);
    this.refresher.changed.connect(() => this.tell());
    this.debouncer = new Debouncer(() => this.refresh(), 250);
  }

  /** By name. */
  get schedules(): readonly IScheduleRow[] {
    return this.known;
  }

  /** How many match the search in all. */
  get total(): number {
    return this.count;
  }

  get hasMore(): boolean {
    return this.next !== null;
  }

  get isReady(): boolean {
    return this.arrived;
  }

  get search(): string {
    return this.sought;
  }

  /** Asked for when the typing rests. */
  seek(text: string): void {
    if (text !== this.sought) {
      this.sought = text;
      this.ticket++;
      this.pages = 1;
      this.tell();
      void this.debouncer.invoke().catch(ignore);
    }
  }

  /** Why the schedules could not be asked for; it is tried again. */
  get trouble(): string {
    return this.refresher.trouble;
  }

  /** What could not be done, until it is dismissed or something else is done. */
  get refusal(): string {
    return this.refused;
  }

  /** The names of those with which something is being done. */
  get busy(): ReadonlySet<string> {
    return this.acting;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.refresher.isDisposed;
  }

  set isShown(shown: boolean) {
    this.refresher.isShown = shown;
  }

  async refresh(): Promise<void> {
    await this.refresher.refresh();
  }

  async showMore(): Promise<void> {
    this.pages++;
    await this.refresh();
  }

  async setPaused(name: string, paused: boolean): Promise<void> {
    await this.act(name, () => (paused ? this.jobs.pause(name) : this.jobs.resume(name)));
  }

  /** The id of the run, or null when it was refused. */
  async runNow(name: string): Promise<string | null> {
    return (await this.act(name, () => this.jobs.runNow(name)))?.id ?? null;
  }

  async remove(name: string): Promise<void> {
    await this.act(name, () => this.jobs.removeSchedule(name));
  }

  /** Says what could not be done. */
  refuse(error: unknown): void {
    this.refused = wordsOf(error);
    this.tell();
  }

  dismiss(): void {
    this.refused = '';
    this.tell();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.debouncer.dispose();
      this.refresher.dispose();
      Signal.clearData(this);
    }
  }

  private async act<Answer>(name: string, action: () => Promise<Answer>): Promise<Answer | null> {
    this.refused = '';
    this.acting = new Set([...this.acting, name]);
    this.tell();
    try {
      return await action();
    } catch (error) {
      this.refused = wordsOf(error);
      return null;
    } finally {
      await this.refresh();
      this.acting = new Set([...this.acting].filter(each => each !== name));
      this.tell();
    }
  }

  private async ask(): Promise<void> {
    const ticket = ++this.ticket;
    const found: IScheduleRow[] = [];
    let after: string | null = '';
    let total = 0;
    for (let page = 0; page < this.pages && after !== null; page++) {
      const answer = await this.jobs.schedules(this.sought.trim(), after, PAGE);
      if (ticket !== this.ticket) {
        return;
      }
      found.push(...answer.items);
      after = answer.next;
      total = answer.total ?? found.length;
    }
    this.known = found;
    this.next = after;
    this.count = total;
    this.arrived = true;
    this.tell();
  }

  private tell(): void {
    if (!this.isDisposed) {
      this.signal.emit();
    }
  }

  private acting: ReadonlySet<string> = new Set();
  private arrived = false;
  private count = 0;
  private readonly debouncer: Debouncer;
  private known: readonly IScheduleRow[] = [];
  private next: string | null = null;
  private pages = 1;
  private readonly refresher: Refresher;
  private refused = '';
  private readonly signal = new Signal<this, void>(this);
  private sought = '';
  private ticket = 0;
}

function ignore(): void {
  // a debouncer that is disposed rejects what still waits
}
