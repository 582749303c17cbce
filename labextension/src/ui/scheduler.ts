// Whether a scheduler daemon works on the store: looked at while somebody shows it, and started when it is asked for.

import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import type { Client } from '../api';
import type { ISchedulerStatus } from '../rest';
import { messageOf } from './waiting';

/** `unknown` until the first answer, and when the server cannot be reached. */
export type SchedulerState = 'unknown' | 'running' | 'silent' | 'starting';

export class SchedulerModel implements IDisposable {
  constructor(
    private readonly client: Pick<Client, 'request'>,
    private readonly interval = 15_000
  ) {
    this.poll = new Poll({
      auto: false,
      name: 'nb2prod:scheduler',
      factory: () => this.ask(),
      frequency: { interval, backoff: true, max: 10 * interval },
      standby: () => this.watchers === 0 || document.hidden
    });
  }

  get status(): ISchedulerStatus | null {
    return this.answer;
  }

  get state(): SchedulerState {
    if (this.starting) {
      return 'starting';
    }
    return this.answer === null ? 'unknown' : this.answer.running ? 'running' : 'silent';
  }

  /** Why it could not be asked or started; '' when all is well. */
  get problem(): string {
    return this.failure;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Keep looking until what comes back is disposed. */
  watch(): IDisposable {
    this.watchers++;
    void this.refresh();
    void this.poll.schedule({ interval: this.interval, phase: 'started' }).catch(ignore); // not at once again
    return new DisposableDelegate(() => {
      if (--this.watchers === 0 && !this.isDisposed) {
        void this.poll.stop().catch(ignore);
      }
    });
  }

  async refresh(): Promise<void> {
    await this.ask().catch(ignore); // `problem` says it
  }

  /** Resolves when a daemon was heard of (true), or `problem` says why there is none. */
  async start(): Promise<boolean> {
    if (!this.starting) {
      this.starting = true;
      this.failure = '';
      this.signal.emit();
      this.ticket++; // an answer that is under way is from before
      try {
        this.answer = await this.client.request<ISchedulerStatus>('scheduler', { method: 'POST', body: {} });
      } catch (error) {
        this.failure = messageOf(error);
      } finally {
        this.starting = false;
        this.tell();
      }
    }
    return this.state === 'running';
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.poll.dispose();
      Signal.clearData(this);
    }
  }

  private async ask(): Promise<void> {
    const ticket = ++this.ticket;
    try {
      const answer = await this.client.request<ISchedulerStatus>('scheduler');
      if (ticket === this.ticket) {
        this.answer = answer;
        this.failure = '';
        this.tell();
      }
    } catch (error) {
      if (ticket === this.ticket) {
        this.answer = null;
        this.failure = messageOf(error);
        this.tell();
      }
      throw error; // the poll waits longer
    }
  }

  private tell(): void {
    if (!this.isDisposed) {
      this.signal.emit();
    }
  }

  private answer: ISchedulerStatus | null = null;
  private failure = '';
  private readonly poll: Poll;
  private readonly signal = new Signal<this, void>(this);
  private starting = false;
  private ticket = 0;
  private watchers = 0;
}

function ignore(): void {
  // what failed is said by the model
}
