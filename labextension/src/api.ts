// The one client of the server extension (nb2prod/server). Its shapes are those that the server sends.

import { URLExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

export type Role = 'parameters' | 'imports' | 'functions' | 'skip' | 'step';
export type Severity = 'error' | 'warning' | 'info';
export type StepOptions = { readonly [name: string]: unknown };

/** A cell as the server understood it; `number` counts every cell from 1, `own` says that its own tag decides. */
export interface ICellLook {
  readonly number: number;
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly role: Role | null;
  readonly step: string | null;
  readonly own: boolean;
  readonly metrics: boolean;
  readonly inference: boolean;
  readonly options: StepOptions;
}

/** What a step is given; `source` is the step that gives it, '' for a parameter. */
export interface IInput {
  readonly name: string;
  readonly source: string;
  readonly code: string;
  readonly cell: number;
  readonly line: number;
}

export interface IOutput {
  readonly name: string;
  readonly readers: readonly string[];
  readonly is_result: boolean;
  readonly cell: number;
}

export interface IStep {
  readonly name: string;
  readonly summary: string;
  readonly cells: readonly number[];
  readonly inputs: readonly IInput[];
  readonly outputs: readonly IOutput[];
  readonly state: readonly string[];
  readonly functions: readonly string[];
  readonly options: StepOptions;
  readonly metrics: readonly string[];
  readonly inference: boolean;
  readonly is_wired: boolean;
}

/** `names` flow from `source` ('' for the parameters) to `target`; an edge of order carries nothing. */
export interface IEdge {
  readonly source: string;
  readonly target: string;
  readonly kind: 'data' | 'order';
  readonly names: readonly string[];
}

export interface IParameter {
  readonly name: string;
  readonly annotation: string;
  readonly default: unknown;
  readonly default_text: string;
  readonly comment: string;
  readonly choices: readonly unknown[] | null;
  readonly cell: number;
  readonly line: number;
  readonly secret: boolean;
}

/** Lines first to last (from 1, both included) of a cell become `text`; last = first - 1 inserts before first. */
export interface IEdit {
  readonly cell: number;
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

export interface IFix {
  readonly title: string;
  readonly edits: readonly IEdit[];
}

export interface IFinding {
  readonly cell: number;
  readonly line: number;
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string;
  readonly fix: IFix | null;
}

/** A notebook as nb2prod reads it. `refused` says why it cannot be read as a whole. */
export interface ILook {
  readonly refused: string | null;
  readonly converts: boolean;
  readonly tagged: boolean;
  readonly cells: readonly ICellLook[];
  readonly steps: readonly IStep[];
  readonly edges: readonly IEdge[];
  readonly parameters: readonly IParameter[];
  readonly findings: readonly IFinding[];
}

export interface ISuggestion {
  readonly cell: number;
  readonly tag: string;
  readonly reason: string;
}

/** A refusal in the form of RFC 9457. */
export interface IProblem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

/** A conversion, verification or replay that the server carries out. */
export interface IOperation<Result = unknown> {
  readonly id: string;
  readonly verb: 'convert' | 'verify' | 'replay';
  readonly path: string;
  readonly state: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly events: readonly { readonly number: number; readonly text: string }[];
  readonly result: Result | null;
  readonly error: IProblem | null;
  readonly started_at: string;
  readonly seconds: number;
}

/** What the server refused, as an error whose message is for people. */
export class Refusal extends Error {
  constructor(readonly problem: IProblem) {
    super(problem.detail);
    this.name = 'Refusal';
  }

  get status(): number {
    return this.problem.status;
  }
}

export interface IRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Asks the server extension, under the base URL, login and XSRF token of JupyterLab. */
export class Client {
  constructor(readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  look(path: string, notebook: INotebookContent, signal?: AbortSignal): Promise<ILook> {
    return this.request('look', { method: 'POST', body: { path, notebook }, signal });
  }

  async suggestions(path: string, notebook: INotebookContent): Promise<readonly ISuggestion[]> {
    const answer = await this.request<{ suggestions: ISuggestion[] }>('suggestions', {
      method: 'POST',
      body: { path, notebook }
    });
    return answer.suggestions;
  }

  rule(code: string): Promise<{ code: string; page: string }> {
    return this.request(`rules/${encodeURIComponent(code)}`);
  }

  /** Raises Refusal for what the server refused, and ServerConnection.NetworkError when it cannot be reached. */
  async request<Answer>(path: string, request: IRequest = {}): Promise<Answer> {
    const text = await this.text(path, request);
    return (text ? JSON.parse(text) : null) as Answer;
  }

  /** What is no JSON, as a log. Raises what `request` raises. */
  async text(path: string, request: IRequest = {}): Promise<string> {
    return (await this.respond(path, request)).text();
  }

  /** What is no text, as an image. Raises what `request` raises. */
  async bytes(path: string, request: IRequest = {}): Promise<ArrayBuffer> {
    return (await this.respond(path, request)).arrayBuffer();
  }

  url(path: string, query?: IRequest['query']): string {
    return URLExt.join(this.settings.baseUrl, 'nb2prod', path) + queryOf(query);
  }

  private async respond(path: string, { method = 'GET', body, query, headers, signal }: IRequest) {
    const init: RequestInit = {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {})
    };
    const response = await ServerConnection.makeRequest(this.url(path, query), init, this.settings);
    if (!response.ok) {
      throw new Refusal(problemOf(response.status, response.statusText, await response.text()));
    }
    return response;
  }
}

function queryOf(query: IRequest['query']): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    const values = Array.isArray(value) ? value : [value];
    values.filter(each => each !== undefined).forEach(each => pairs.append(name, String(each)));
  }
  const text = pairs.toString();
  return text ? `?${text}` : '';
}

function problemOf(status: number, title: string, text: string): IProblem {
  try {
    const found = JSON.parse(text);
    return {
      title: found.title ?? title,
      status,
      detail: found.detail ?? found.message ?? title,
      errors: found.errors ?? []
    };
  } catch {
    return { title, status, detail: title || `the server answered ${status}`, errors: [] };
  }
}
