// Schedules, runs and definitions as the REST behind `jobs/` gives and takes them.

import { ServerConnection } from '@jupyterlab/services';

import { Client, Refusal } from './api';
import type { IDefinition, IPage, IRun, ISettings, Parameters, RunStatus } from './rest';
import { messageOf } from './ui/waiting';

export type Misfire = 'skip' | 'latest' | 'all';
export type Overlap = 'allow' | 'skip' | 'queue' | 'replace';
export type Ending = 'completed' | 'failed' | 'ended';

/** When it runs; `anchor` is now, when it is left out. */
export type Trigger =
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string }
  | { readonly kind: 'every'; readonly seconds: number; readonly anchor?: string | null }
  | { readonly kind: 'once'; readonly at: string }
  | { readonly kind: 'after'; readonly schedule: string; readonly on: Ending }
  | { readonly kind: 'when'; readonly url: string; readonly settle: number; readonly parameter: string };
export type TriggerKind = Trigger['kind'];

export interface IPolicies {
  readonly misfire: Misfire;
  readonly overlap: Overlap;
  readonly grace: number;
  readonly priority: number;
  readonly jitter: number;
  readonly start_at: string | null;
  readonly end_at: string | null;
  readonly paused: boolean;
}

export interface ISchedule extends IPolicies {
  readonly id: number;
  readonly name: string;
  readonly definition_id: number;
  readonly trigger: Trigger;
  readonly reading: string;
  readonly parameters: Parameters;
  readonly disabled: string;
  readonly next_due: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A schedule in a list, with what it runs and how that went last. */
export interface IScheduleRow extends ISchedule {
  readonly definition: string;
  readonly version: number;
  readonly last_run: IRun | null;
}

/** A run in a list; `schedule` is '' when there is none, or none any more. */
export interface IRunRow extends IRun {
  readonly definition: string;
  readonly version: number;
  readonly schedule: string;
}

export interface IScheduleOrder extends IPolicies {
  readonly name: string;
  readonly definition: string;
  readonly trigger: Trigger;
  readonly parameters: Parameters;
}

export interface IDefinitionOrder {
  readonly path: string;
  readonly kind: 'notebook' | 'pipeline';
  readonly name: string;
  readonly settings: ISettingsOrder;
  readonly notebook?: unknown;
}

export type ISettingsOrder = Partial<Omit<ISettings, 'limits' | 'retry'>> & {
  readonly limits?: Partial<ISettings['limits']>;
  readonly retry?: Partial<ISettings['retry']>;
};

export interface IRunFilter {
  readonly status: readonly RunStatus[];
  readonly schedule: string;
  readonly definition: string;
}

export interface ICounted<Item> extends IPage<Item> {
  readonly total: number | null;
}

/** What can be asked of the server, a method each. */
export class Jobs {
  constructor(private readonly client: Pick<Client, 'request'>) {}

  schedules(search = '', after = '', limit = 100): Promise<ICounted<IScheduleRow>> {
    return this.client.request('jobs/schedules', { query: { search: search || undefined, after, limit } });
  }

  schedule(name: string): Promise<ISchedule> {
    return this.client.request(`jobs/schedules/${encodeURIComponent(name)}`);
  }

  addSchedule(order: IScheduleOrder): Promise<ISchedule> {
    return this.client.request('jobs/schedules', { method: 'POST', body: order });
  }

  changeSchedule(name: string, change: Partial<IScheduleOrder>): Promise<ISchedule> {
    return this.client.request(`jobs/schedules/${encodeURIComponent(name)}`, {
      method: 'PATCH',
      body: change
    });
  }

  removeSchedule(name: string): Promise<void> {
    return this.client.request(`jobs/schedules/${encodeURIComponent(name)}`, { method: 'DELETE' });
  }

  pause(name: string): Promise<ISchedule> {
    return this.client.request(`jobs/schedules/${encodeURIComponent(name)}/pause`, { method: 'POST' });
  }

  resume(name: string): Promise<ISchedule> {
    return this.client.request(`jobs/schedules/${encodeURIComponent(name)}/resume`, { method: 'POST' });
  }

  runNow(name: string): Promise<IRun> {
    const body = { by: 'JupyterLab' };
    return this.client.request(`jobs/schedules/${encodeURIComponent(name)}/run-now`, {
      method: 'POST',
      body
    });
  }

  describeCron(
    expression: string,
    timezone: string,
    signal?: AbortSignal
  ): Promise<{ reading: string; times: readonly string[] }> {
    const body = { expression, timezone };
    return this.client.request('jobs/cron/describe', { method: 'POST', body, signal });
  }

  definitions(search = '', limit = 20): Promise<IPage<IDefinition>> {
    return this.client.request('jobs/definitions', { query: { search: search || undefined, limit } });
  }

  definition(name: string): Promise<IDefinition> {
    return this.client.request(`jobs/definitions/${encodeURIComponent(name)}`);
  }

  version(name: string, version: number): Promise<IDefinition> {
    return this.client.request(`jobs/definitions/${encodeURIComponent(name)}/versions/${version}`);
  }

  define(order: IDefinitionOrder): Promise<IDefinition> {
    return this.client.request('definitions', { method: 'POST', body: order });
  }

  /** The newest first; `before` is the id after which to go on. */
  runs(filter: IRunFilter, before: string, limit: number): Promise<IPage<IRunRow>> {
    const { status, schedule, definition } = filter;
    return this.client.request('jobs/runs', {
      query: {
        status,
        schedule: schedule || undefined,
        definition: definition || undefined,
        before: before || undefined,
        limit
      }
    });
  }

  cancel(id: string): Promise<IRun> {
    const body = { by: 'JupyterLab' };
    return this.client.request(`jobs/runs/${encodeURIComponent(id)}/cancel`, { method: 'POST', body });
  }

  retry(id: string): Promise<IRun> {
    return this.client.request(`jobs/runs/${encodeURIComponent(id)}/retry`, { method: 'POST' });
  }
}

/** Translated where it is shown. */
export const UNREACHABLE = "JupyterLab's server does not answer.";

/** What is told of an error: the server's own words, when it said any. */
export function wordsOf(error: unknown): string {
  return error instanceof ServerConnection.NetworkError ? UNREACHABLE : messageOf(error);
}

/** The fields that were refused, by path. */
export function refusedFields(error: unknown): ReadonlyMap<string, string> {
  return new Map(error instanceof Refusal ? error.problem.errors.map(each => [each.path, each.message]) : []);
}
