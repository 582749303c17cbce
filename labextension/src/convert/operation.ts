// An operation of the server, followed to its end: over pauses of the network, reloads of the page, and restarts.

import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Client, IOperation, IProblem, Refusal } from '../api';
import { messageOf, Pace, pause, pauseAfter, shown } from '../ui/waiting';

/** `stopped`: the server that carried it out is gone, and the operation with it. */
export type OperationState = IOperation['state'] | 'stopped';

/** What is asked of the server: the body of POST operations. */
export interface IOrder {
  readonly verb: IOperation['verb'];
  readonly path?: string;
  readonly [option: string]: unknown;
}

const WAIT = 20; // seconds of a long poll; the server allows 25

export class OperationModel<Result = unknown> implements IDisposable {
  /** Raises Refusal. */
  static async start<Result>(
    client: Pick<Client, 'request'>,
    order: IOrder
  ): Promise<OperationModel<Result>> {
    const begun = await client.request<IOperation<Result>>('operations', { method: 'POST', body: order });
    return new OperationModel<Result>(client, begun);
  }

  /** One that was begun before this page was loaded; its verb and path are what was kept of it. */
  static again<Result>(
    client: Pick<Client, 'request'>,
    kept: Pick<IOperation, 'id' | 'verb' | 'path' | 'started_at'>
  ): OperationModel<Result> {
    return new OperationModel<Result>(client, {
      ...kept,
      state: 'running',
      events: [],
      result: null,
      error: null,
      seconds: 0
    });
  }

  constructor(
    private readonly client: Pick<Client, 'request'>,
    begun: IOperation<Result>,
    private readonly pace: Pace = { pause, shown }
  ) {
    this.latest = begun;
    this.known = begun.events;
    this.seenAt = Date.now();
    this.over = this.follow();
  }

  /** Resolves when it has ended, or the model is disposed. */
  readonly over: Promise<void>;

  get id(): string {
    return this.latest.id;
  }

  get startedAt(): string {
    return this.latest.started_at;
  }

  get state(): OperationState {
    return this.isLost ? 'stopped' : this.latest.state;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  get isCancelling(): boolean {
    return this.cancelling && this.isRunning;
  }

  get events(): IOperation['events'] {
    return this.known;
  }

  get result(): Result | null {
    return this.latest.result;
  }

  get error(): IProblem | null {
    return this.latest.error;
  }

  /** Why the server cannot be asked at the moment; '' when it can. */
  get problem(): string {
    return this.failure;
  }

  /** How long it took, or takes until now. */
  get seconds(): number {
    return this.latest.seconds + (this.isRunning ? (Date.now() - this.seenAt) / 1000 : 0);
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.controller.signal.aborted;
  }

  async cancel(): Promise<void> {
    if (!this.isRunning || this.cancelling) {
      return;
    }
    this.cancelling = true;
    this.tell();
    try {
      const path = `operations/${encodeURIComponent(this.id)}`;
      this.take(await this.client.request<IOperation<Result>>(path, { method: 'DELETE' }));
    } catch (error) {
      this.cancelling = false;
      this.failed(error);
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.controller.abort();
      Signal.clearData(this);
    }
  }

  private async follow(): Promise<void> {
    for (let failures = 0; this.isRunning && !this.isDisposed;) {
      await this.pace.shown(this.controller.signal);
      try {
        const query = { after: this.known[this.known.length - 1]?.number ?? 0, wait: WAIT };
        const path = `operations/${encodeURIComponent(this.id)}`;
        this.take(
          await this.client.request<IOperation<Result>>(path, { query, signal: this.controller.signal })
        );
        failures = 0;
      } catch (error) {
        if (this.isDisposed || !this.isRunning) {
          return;
        }
        this.failed(error);
        if (this.isLost) {
          return;
        }
        await this.pace.pause(pauseAfter(failures++), this.controller.signal);
      }
    }
  }

  private take(found: IOperation<Result>): void {
    if (this.state !== 'running') {
      return; // its end is known, and this answer was slower
    }
    const last = this.known[this.known.length - 1]?.number ?? 0;
    this.known = [...this.known, ...found.events.filter(event => event.number > last)];
    this.latest = found;
    this.seenAt = Date.now();
    this.failure = '';
    this.tell();
  }

  private failed(error: unknown): void {
    this.isLost = error instanceof Refusal && error.status === 404;
    this.failure = this.isLost ? '' : messageOf(error);
    this.tell();
  }

  private tell(): void {
    if (!this.isDisposed) {
      this.signal.emit();
    }
  }

  private cancelling = false;
  private readonly controller = new AbortController();
  private failure = '';
  private isLost = false;
  private known: IOperation['events'];
  private latest: IOperation<Result>;
  private seenAt: number;
  private readonly signal = new Signal<this, void>(this);
}
