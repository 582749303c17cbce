// The jobs of nb2prod as its REST tells them (nb2prod/rest/shapes.py): definitions, runs, events, artifacts.

export type RunStatus = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'skipped';

/** Parameters by name; a secret is {"secret": "env:NAME"}. */
export type Parameters = { readonly [name: string]: unknown };

export interface IPage<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** As a definition keeps it; `default` is its repr, '' when it must be given. */
export interface IDeclared {
  readonly name: string;
  readonly annotation: string;
  readonly default: string;
  readonly comment: string;
}

/** Seconds, and bytes of memory; null: no limit. */
export interface ILimits {
  readonly run: number | null;
  readonly cell: number | null;
  readonly start: number;
  readonly memory: number | null;
  readonly cpu_seconds: number | null;
  readonly cpus: number | null;
}

export interface IRetry {
  readonly limit: number;
  readonly delay: number;
  readonly factor: number;
  readonly maximum: number;
  readonly jitter: number;
  readonly on: readonly string[];
  readonly lost: number;
}

export interface ISettings {
  readonly environment: string;
  readonly workdir: string;
  readonly output: string;
  readonly formats: readonly string[];
  readonly limits: ILimits;
  readonly retry: IRetry;
  readonly notify: readonly string[];
  readonly pool: string;
}

export interface IDefinition {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly kind: 'notebook' | 'pipeline';
  readonly path: string;
  readonly entry: string;
  readonly digest: string;
  readonly parameters: readonly IDeclared[];
  readonly settings: ISettings;
  readonly created_at: string;
}

/** Cells of a notebook job, steps of a pipeline. */
export interface IProgress {
  readonly done: number;
  readonly total: number;
  readonly cell: number;
  readonly label: string;
  readonly at: string | null;
}

/** `cell` and `line` count from 1 in the source notebook, 0 when they cannot be told. */
export interface IFailure {
  readonly kind: string;
  readonly message: string;
  readonly cell: number;
  readonly line: number;
  readonly traceback: string;
}

export interface IRun {
  readonly id: string;
  readonly definition_id: number;
  readonly schedule_id: number | null;
  readonly due_at: string | null;
  readonly status: RunStatus;
  readonly reason: string;
  readonly parameters: Parameters;
  readonly priority: number;
  readonly pool: string;
  readonly not_before: string | null;
  readonly attempt: number;
  readonly cancel_requested: string;
  readonly idempotency_key: string;
  readonly batch: string;
  readonly cause: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly progress: IProgress;
  readonly failure: IFailure | null;
  readonly metrics: { readonly [name: string]: number };
}

export interface IAttempt {
  readonly run_id: string;
  readonly number: number;
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled' | 'lost';
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  readonly started_at: string;
  readonly heartbeat_at: string;
  readonly finished_at: string | null;
  readonly failure: IFailure | null;
  readonly usage: { readonly seconds: number; readonly cpu: number; readonly memory: number };
}

export interface IArtifact {
  readonly run_id: string;
  readonly attempt: number;
  readonly name: string;
  readonly kind: string;
  readonly sha256: string;
  readonly size: number;
  readonly created_at: string;
}

export interface IRunDetail {
  readonly run: IRun;
  readonly definition: IDefinition;
  readonly schedule: string | null;
  readonly attempts: readonly IAttempt[];
  readonly artifacts: readonly IArtifact[];
}

/** One thing that happened, as `cell.completed`. */
export interface IEvent {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly run_id: string;
  readonly attempt: number;
  readonly schedule_id: number | null;
  readonly data: { readonly [name: string]: unknown };
}

/** `limit`: of runs at once; null: as many as the daemons take. */
export interface IPool {
  readonly name: string;
  readonly limit: number | null;
  readonly running: number;
  readonly queued: number;
}

export interface IDaemon {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly started_at: string;
  readonly beat_at: string;
}

/** The scheduler as one sees it from outside. */
export interface ISchedulerStatus {
  readonly running: boolean;
  readonly daemons: readonly IDaemon[];
  readonly store: string;
  readonly queued: number;
  readonly running_runs: number;
  readonly next_due: string | null;
}

export function isFinal(status: RunStatus): boolean {
  return status !== 'queued' && status !== 'running';
}
