// What the plugins of nb2prod give each other.

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { LookModel } from './analysis/model';
import type { Client } from './api';
import type { SchedulerModel } from './ui/scheduler';

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
