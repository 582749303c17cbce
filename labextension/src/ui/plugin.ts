// What several features share: how the scheduler is.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import type { Client } from '../api';
import { IClient, IScheduler } from '../tokens';
import { SchedulerModel } from './scheduler';

export const schedulerPlugin: JupyterFrontEndPlugin<SchedulerModel> = {
  id: 'nb2prod:scheduler',
  description: 'Tells whether a scheduler daemon runs, and starts one.',
  autoStart: true,
  provides: IScheduler,
  requires: [IClient],
  activate: (_: JupyterFrontEnd, client: Client) => new SchedulerModel(client)
};
