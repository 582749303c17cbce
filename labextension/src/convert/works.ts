// All conversions and verifications that this page knows of, kept over a reload.

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import type { Client } from '../api';
import { IConvertChoice, IKept, keyOf, newWork, Work } from './model';

const PLACE = 'nb2prod:works';
const MOST = 30;

/** What was kept of those that any page had; the newest stands last. */
export async function keptWorks(state: Pick<IStateDB, 'fetch'> | null): Promise<readonly IKept[]> {
  const kept = (await state?.fetch(PLACE).catch(() => undefined)) as { works?: readonly IKept[] } | undefined;
  return kept?.works ?? [];
}

export class Works {
  constructor(
    private readonly client: Pick<Client, 'request'>,
    private readonly state: Pick<IStateDB, 'fetch' | 'save'> | null
  ) {
    this.ready = this.restore();
  }

  /** What was kept is known again. */
  readonly ready: Promise<void>;

  /** One of them has ended. */
  get ended(): ISignal<this, Work> {
    return this.signal;
  }

  get(key: string): Work | undefined {
    return this.known.get(key);
  }

  /** The choice of the last conversion of that notebook, else the options of the last one of any. */
  lastChoice(path: string): Partial<IConvertChoice> {
    const own = this.known.get(keyOf('convert', path))?.kept.choice;
    if (own) {
      return own;
    }
    const last = [...this.known.values()]
      .map(work => work.kept.choice)
      .reverse()
      .find(choice => choice);
    return last ? { record: last.record, trace: last.trace, verify: last.verify } : {};
  }

  /** Raises Refusal; then nothing is other than before. */
  async convert(path: string, choice: IConvertChoice): Promise<Work> {
    const work = this.known.get(keyOf('convert', path)) ?? newWork(this.client, 'convert', path);
    await work.convert(choice);
    return this.take(work);
  }

  /** Raises Refusal. */
  async verify(folder: string): Promise<Work> {
    const work = this.known.get(keyOf('verify', folder)) ?? newWork(this.client, 'verify', folder);
    await work.verify();
    return this.take(work);
  }

  private take(work: Work): Work {
    if (!this.known.has(work.key)) {
      this.follow(work);
    }
    this.known.delete(work.key); // the newest stands last
    this.known.set(work.key, work);
    this.keep();
    return work;
  }

  private follow(work: Work): void {
    this.known.set(work.key, work);
    work.changed.connect(() => this.keep());
    work.ended.connect(() => this.signal.emit(work));
  }

  private async restore(): Promise<void> {
    for (const each of await keptWorks(this.state)) {
      if (!this.known.has(keyOf(each.kind, each.path))) {
        this.follow(new Work(this.client, each));
      }
    }
  }

  /** Only when something else than its progress is other. */
  private keep(): void {
    const works = [...this.known.values()].map(work => work.kept).slice(-MOST);
    const text = JSON.stringify(works);
    if (text !== this.saved) {
      this.saved = text;
      void this.state
        ?.save(PLACE, { works: works as unknown as ReadonlyPartialJSONValue })
        .catch(() => undefined);
    }
  }

  private readonly known = new Map<string, Work>();
  private saved = '';
  private readonly signal = new Signal<this, Work>(this);
}
