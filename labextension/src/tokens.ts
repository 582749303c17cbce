// What the plugins of nb2prod give each other.

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { LookModel } from './analysis/model';
import type { Client, IFinding } from './api';
import type { Browsing } from './ui/browsing';
import type { SchedulerModel } from './ui/scheduler';
import type { TagsModel } from './tags/model';

export const IClient = new Token<Client>('nb2prod:IClient', 'Asks the server extension of nb2prod.');

/** What nb2prod reads in the notebooks that are open. */
export interface ILooks {
  of(panel: NotebookPanel): LookModel;

  /** Of the notebook in front, or null. */
  readonly current: LookModel | null;
  readonly currentChanged: ISignal<ILooks, LookModel | null>;
}

export const ILooks = new Token<ILooks>(
  'nb2prod:ILooks',
  'What nb2prod reads in the notebooks that are open.'
);

export const IScheduler = new Token<SchedulerModel>(
  'nb2prod:IScheduler',
  'Whether a scheduler daemon runs, and how to start one.'
);

export const IBrowsing = new Token<Browsing>('nb2prod:IBrowsing', 'What is chosen in the file browser.');

export type StepRunState =
  'waiting' | 'running' | 'completed' | 'cached' | 'skipped' | 'failed' | 'cancelled';

/** Where a step of the run that is shown stands; `seconds` that it took or takes, null before it starts. */
export interface IStepState {
  readonly state: StepRunState;
  readonly seconds: number | null;
}

/** The run that the graph of a notebook shows: set by who follows a run, drawn on the steps. */
export interface IStepStates {
  /** By the step's name; empty when no run is shown. `path` is the notebook's. */
  of(path: string): ReadonlyMap<string, IStepState>;
  set(path: string, states: ReadonlyMap<string, IStepState>): void;
  clear(path: string): void;

  /** With the path of the notebook whose states are others. */
  readonly changed: ISignal<IStepStates, string>;
}

export const IStepStates = new Token<IStepStates>(
  'nb2prod:IStepStates',
  'The state and time of each step of the run that the graph shows.'
);

/** What is done about findings, wherever they are shown. */
export interface IFindings {
  /** Those that are shown, by the threshold of the settings. */
  shown(findings: readonly IFinding[]): readonly IFinding[];

  /** Corrects the cells, in the notebook that `look` is of; says politely why not. Resolves to whether it did. */
  fix(look: Pick<LookModel, 'source'>, finding: IFinding): Promise<boolean>;

  /** Opens the page of a rule. */
  explain(code: string): void;

  /** The settings are others. */
  readonly changed: ISignal<IFindings, void>;
}

export const IFindings = new Token<IFindings>('nb2prod:IFindings', 'What is done about findings.');

/** The tags of the notebooks that are open, and changing them: each change is one step of the notebook's undo. */
export interface ITags {
  of(panel: NotebookPanel): TagsModel;
}

export const ITags = new Token<ITags>('nb2prod:ITags', 'The tags of the notebooks that are open.');
