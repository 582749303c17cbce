// One run, followed to its end: its record, its events and its log, over reloads and restarts of the server.

import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Client, Refusal } from '../api';
import { Jobs } from '../jobs';
import { IArtifact, IEvent, IPage, IRun, IRunDetail, isFinal } from '../rest';
import { messageOf, Pace, pause, pauseAfter, shown } from '../ui/waiting';
import { advance, ended, IRunProgress, NOTHING_YET } from './progress';

type Server = Pick<Client, 'request' | 'text'>;

const WAIT = 20; // seconds of a long poll
const LOG = 200_000; // characters of a log that are kept: its end
const RECORD_EVERY = 700; // milliseconds

export class RunModel implements IDisposable {
  constructor(
    private readonly client: Server,
    readonly id: string,
    private readonly pace: Pace = { pause, shown }
  ) {
    this.over = this.follow();
  }

  /** The contents path of the notebook behind it, where that is known. */
  notebook: string | null = null;

  /** Where that is on the server's disk; '' for a pipeline, whose path is its project's. */
  get notebookFile(): string {
    const definition = this.known?.definition;
    return definition?.kind === 'notebook' ? definition.path : '';
  }

  /** Resolves when the run has ended and all of it is known, or the model is disposed. */
  readonly over: Promise<void>;

  /** Null until the first answer. */
  get detail(): IRunDetail | null {
    return this.known;
  }

  get run(): IRun | null {
    return this.known?.run ?? null;
  }

  get isOver(): boolean {
    return this.known !== null && isFinal(this.known.run.status);
  }

  get progress(): IRunProgress {
    return this.soFar;
  }

  /** The end of what it printed; `logProblem` says why there is none. */
  get log(): string {
    return this.printed;
  }

  get logProblem(): string {
    return this.logFailure;
  }

  /** Why it cannot be asked for at the moment; '' when it can. */
  get problem(): string {
    return this.failure;
  }

  /** There is no such run. */
  get isMissing(): boolean {
    return this.missing;
  }

  get isCancelling(): boolean {
    return !this.isOver && (this.cancelling || !!this.run?.cancel_requested);
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.controller.signal.aborted;
  }

  /** Of the latest attempt, the newest of each name. */
  get artifacts(): readonly IArtifact[] {
    const newest = new Map<string, IArtifact>();
    for (const artifact of this.known?.artifacts ?? []) {
      if (artifact.attempt >= (newest.get(artifact.name)?.attempt ?? 0)) {
        newest.set(artifact.name, artifact);
      }
    }
    return [...newest.values()];
  }

  /** Raises Refusal and NetworkError. */
  async cancel(): Promise<void> {
    this.cancelling = true;
    this.tell();
    try {
      await new Jobs(this.client).cancel(this.id);
      await this.readRecord();
    } finally {
      this.cancelling = false;
      this.tell();
    }
  }

  /** The id of the run that does it again. Raises Refusal and NetworkError. */
  async retry(): Promise<string> {
    return (await new Jobs(this.client).retry(this.id)).id;
  }

  /** Read the log from now on, while somebody looks at it. */
  showLog(show: boolean): void {
    this.logShown = show;
    if (show) {
      void this.readLog();
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.controller.abort();
      Signal.clearData(this);
    }
  }

  private get place(): string {
    return `jobs/runs/${encodeURIComponent(this.id)}`;
  }

  private async follow(): Promise<void> {
    for (let failures = 0; !this.isDisposed;) {
      await this.pace.shown(this.controller.signal);
      try {
        await this.readRecord();
        const wasOver = this.isOver; // before its events: none is missed
        await this.readEvents(wasOver ? 0 : WAIT);
        if (wasOver) {
          this.close();
          await this.readLog();
          return;
        }
        failures = 0;
        await this.pace.pause(RECORD_EVERY, this.controller.signal);
      } catch (error) {
        if (this.isDisposed) {
          return;
        }
        this.missing = error instanceof Refusal && error.status === 404;
        this.failure = messageOf(error);
        this.tell();
        if (this.missing) {
          return;
        }
        await this.pace.pause(pauseAfter(failures++), this.controller.signal);
      }
    }
  }

  private async readRecord(): Promise<void> {
    const found = await this.client.request<IRunDetail>(this.place, { signal: this.controller.signal });
    this.known = found;
    this.failure = '';
    this.tell();
  }

  private async readEvents(wait: number): Promise<void> {
    for (let more = true; more;) {
      const query = { after: this.soFar.last, wait };
      const page = await this.client.request<IPage<IEvent>>(`${this.place}/events`, {
        query,
        signal: this.controller.signal
      });
      this.soFar = advance(this.soFar, page.items);
      more = wait === 0 && page.items.length > 0;
      if (page.items.length) {
        this.tell();
        void this.readLog();
      }
    }
  }

  /** No event tells of what a run that was killed had under way. */
  private close(): void {
    const status = this.run?.status;
    if (status === 'failed' || status === 'cancelled') {
      this.soFar = ended(this.soFar, status);
    }
    this.tell();
  }

  /** Resolves when what was printed until now is here. */
  private async readLog(): Promise<void> {
    if (this.logShown && !this.isDisposed) {
      this.isLogStale = true; // what is read already may be from before
      this.readingLog ??= this.readStaleLog();
      await this.readingLog;
    }
  }

  private async readStaleLog(): Promise<void> {
    while (this.isLogStale && !this.isDisposed) {
      this.isLogStale = false;
      try {
        const text = await this.client.text(`${this.place}/log`, { signal: this.controller.signal });
        this.printed = text.length > LOG ? text.slice(text.indexOf('\n', text.length - LOG) + 1) : text;
        this.logFailure = '';
      } catch (error) {
        this.logFailure = messageOf(error);
      }
      this.tell();
    }
    this.readingLog = null;
  }

  private tell(): void {
    if (!this.isDisposed) {
      this.signal.emit();
    }
  }

  private cancelling = false;
  private readonly controller = new AbortController();
  private failure = '';
  private isLogStale = false;
  private known: IRunDetail | null = null;
  private logFailure = '';
  private logShown = false;
  private missing = false;
  private printed = '';
  private readingLog: Promise<void> | null = null;
  private readonly signal = new Signal<this, void>(this);
  private soFar: IRunProgress = NOTHING_YET;
}
