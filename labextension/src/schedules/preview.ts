// What a cron expression says while it is typed: asked for when the typing rests, and never an answer of yesterday.

import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { Refusal } from '../api';
import { Jobs, refusedFields, wordsOf } from '../jobs';

export interface ICronReading {
  readonly reading: string;
  readonly times: readonly string[];
}

export class CronPreview implements IDisposable {
  constructor(
    private readonly jobs: Pick<Jobs, 'describeCron'>,
    delay = 250
  ) {
    this.debouncer = new Debouncer(() => this.ask(), delay);
  }

  /** Of what is typed now; null while it is not known. */
  get answer(): ICronReading | null {
    return this.found;
  }

  /** In the server's words, by field: `expression` or `timezone`. */
  get faults(): ReadonlyMap<string, string> {
    return this.refused;
  }

  /** Why it could not be asked at all. */
  get trouble(): string {
    return this.words;
  }

  get isWaiting(): boolean {
    return this.waiting;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.debouncer.isDisposed;
  }

  show(expression: string, timezone: string): void {
    if (this.isDisposed || (this.expression === expression.trim() && this.timezone === timezone)) {
      return;
    }
    this.expression = expression.trim();
    this.timezone = timezone;
    this.ticket++;
    this.controller?.abort();
    this.waiting = true;
    this.tell();
    void this.debouncer.invoke().catch(ignore);
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.ticket++;
      this.controller?.abort();
      this.debouncer.dispose();
      Signal.clearData(this);
    }
  }

  private async ask(): Promise<void> {
    const ticket = ++this.ticket;
    const controller = (this.controller = new AbortController());
    try {
      const found = await this.jobs.describeCron(this.expression, this.timezone, controller.signal);
      if (ticket === this.ticket) {
        this.take(found, new Map(), '');
      }
    } catch (error) {
      if (ticket === this.ticket) {
        const faults = refusedFields(error);
        const isRefused = error instanceof Refusal && error.status === 422;
        const other = faults.size ? faults : new Map([['expression', wordsOf(error)]]);
        this.take(null, isRefused ? other : new Map(), isRefused ? '' : wordsOf(error));
      }
    }
  }

  private take(found: ICronReading | null, faults: ReadonlyMap<string, string>, trouble: string): void {
    this.found = found;
    this.refused = faults;
    this.words = trouble;
    this.waiting = false;
    this.tell();
  }

  private tell(): void {
    this.signal.emit();
  }

  private controller: AbortController | null = null;
  private readonly debouncer: Debouncer;
  private expression = '\0';
  private found: ICronReading | null = null;
  private refused: ReadonlyMap<string, string> = new Map();
  private readonly signal = new Signal<this, void>(this);
  private ticket = 0;
  private timezone = '';
  private waiting = false;
  private words = '';
}

function ignore(): void {
  // a debouncer that is disposed rejects what still waits
}
