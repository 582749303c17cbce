// How far a run is, by its events: cells of a notebook job, steps of a pipeline. A new attempt begins again.

import type { IEvent } from '../rest';

export type PartState = 'running' | 'completed' | 'cached' | 'skipped' | 'failed' | 'cancelled';

/** A cell (named by its number) or a step. `since` is when it began, while it runs. */
export interface IPart {
  readonly name: string;
  readonly state: PartState;
  readonly seconds: number | null;
  readonly since: string;
  readonly tries: number;
  readonly message: string;
}

export interface IRunProgress {
  readonly attempt: number;
  readonly last: number; // the id of the last event
  readonly parts: ReadonlyMap<string, IPart>; // in the order in which they began
  readonly noted: readonly string[]; // events, alerts and figures that the run told of
}

export const NOTHING_YET: IRunProgress = { attempt: 0, last: 0, parts: new Map(), noted: [] };

const NOTED = ['event', 'alert', 'kpi'];
const STATES: Readonly<Record<string, PartState>> = {
  started: 'running',
  retried: 'running',
  completed: 'completed',
  cached: 'cached',
  skipped: 'skipped',
  failed: 'failed',
  cancelled: 'cancelled'
};

export function advance(progress: IRunProgress, events: readonly IEvent[]): IRunProgress {
  return events.filter(event => event.id > progress.last).reduce(apply, progress);
}

/** What a step or cell that was under way became when its run ended, of which no event tells. */
export function ended(progress: IRunProgress, state: 'failed' | 'cancelled'): IRunProgress {
  const parts = [...progress.parts].map(
    ([name, part]) => [name, part.state === 'running' ? { ...part, state } : part] as const
  );
  return { ...progress, parts: new Map(parts) };
}

function apply(progress: IRunProgress, event: IEvent): IRunProgress {
  const isNew = event.attempt > progress.attempt;
  const from = isNew ? { ...progress, attempt: event.attempt, parts: new Map() } : progress;
  const next = { ...from, last: event.id };
  if (NOTED.includes(event.kind)) {
    return { ...next, noted: [...next.noted, sentence(event)] };
  }
  const [what, how = ''] = event.kind.split('.');
  const state = STATES[how];
  if ((what !== 'cell' && what !== 'step') || !state) {
    return next;
  }
  const name = String(event.data[what] ?? '');
  const parts = new Map(next.parts);
  parts.set(name, part(name, state, event, parts.get(name)));
  return { ...next, parts };
}

function part(name: string, state: PartState, event: IEvent, known: IPart | undefined): IPart {
  const { data } = event;
  return {
    name,
    state,
    seconds: typeof data['seconds'] === 'number' ? data['seconds'] : null,
    since: state === 'running' ? event.at : (known?.since ?? ''),
    tries: typeof data['attempt'] === 'number' ? data['attempt'] : (known?.tries ?? 1),
    message: messageIn(data)
  };
}

function messageIn(data: IEvent['data']): string {
  const error = data['error'];
  const said =
    data['message'] ??
    (typeof error === 'object' && error ? (error as { message?: unknown }).message : error);
  return typeof said === 'string' ? said : '';
}

function sentence(event: IEvent): string {
  const { name, message, value, ...more } = event.data;
  const said = [name, message, value].filter(each => each !== undefined && each !== null && each !== '');
  const rest = Object.entries(more).map(([key, each]) => `${key}=${JSON.stringify(each)}`);
  return [event.kind, ...said.map(String), ...rest].join(' ');
}
