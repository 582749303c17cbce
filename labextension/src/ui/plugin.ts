// What several features share: how the scheduler is, and what is chosen in the file browser.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { Client } from '../api';
import { IBrowsing, IClient, IScheduler } from '../tokens';
import { Browsing } from './browsing';
import { SchedulerModel } from './scheduler';

export const schedulerPlugin: JupyterFrontEndPlugin<SchedulerModel> = {
  id: 'nb2prod:scheduler',
  description: 'Tells whether a scheduler daemon runs, and starts one.',
  autoStart: true,
  provides: IScheduler,
  requires: [IClient],
  activate: (_: JupyterFrontEnd, client: Client) => new SchedulerModel(client)
};

export const browsingPlugin: JupyterFrontEndPlugin<Browsing> = {
  id: 'nb2prod:browsing',
  description: 'Tells what is chosen in the file browser, and lets people choose.',
  autoStart: true,
  provides: IBrowsing,
  requires: [IDocumentManager],
  optional: [IFileBrowserFactory, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    documents: IDocumentManager,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ) => new Browsing(documents, browsers, (translator ?? nullTranslator).load('nb2prod'))
};
