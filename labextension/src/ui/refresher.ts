// Looks again and again while somebody sees it, less often while it fails, and says what the trouble is.

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { wordsOf } from '../jobs';

/** A 404, 409 or 422 is about what was asked; everything else is trouble that may pass. */
export class Refresher implements IDisposable {
  constructor(
    private readonly ask: () => Promise<void>,
    readonly interval = 5000
  ) {
    this.poll = new Poll({
      auto: false,
      name: 'nb2prod:refresher',
      factory: () => this.look(),
      frequency: { interval, backoff: true, max: 12 * interval },
      standby: () => !this.shown || document.hidden
    });
  }

  /** Why there was no answer, '' when there was one. */
  get trouble(): string {
    return this.words;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Nothing is asked for what nobody sees. */
  set isShown(shown: boolean) {
    if (shown !== this.shown && !this.isDisposed) {
      this.shown = shown;
      void (shown ? this.poll.refresh() : this.poll.stop()).catch(ignore);
    }
  }

  /** Now; resolves when it was tried. */
  async refresh(): Promise<void> {
    if (!this.isDisposed) {
      await this.look().catch(ignore);
      void this.poll.schedule({ interval: this.interval, phase: 'resolved' }).catch(ignore);
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.poll.dispose();
      Signal.clearData(this);
    }
  }

  private async look(): Promise<void> {
    try {
      await this.ask();
      this.tell('');
    } catch (error) {
      this.tell(wordsOf(error));
      throw error; // the poll waits longer
    }
  }

  private tell(words: string): void {
    if (words !== this.words && !this.isDisposed) {
      this.words = words;
      this.signal.emit();
    }
  }

  private readonly poll: Poll;
  private shown = false;
  private readonly signal = new Signal<this, void>(this);
  private words = '';
}

function ignore(): void {
  // `trouble` says it
}
