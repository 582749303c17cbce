// The plugins that ask the server: its client, and the looks at the notebooks that are open.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ISignal, Signal } from '@lumino/signaling';

import { Client } from '../api';
import { IClient, ILooks } from '../tokens';
import { LookModel } from './model';
import { PanelSource } from './source';

export const clientPlugin: JupyterFrontEndPlugin<Client> = {
  id: 'nb2prod:client',
  description: 'Asks the server extension of nb2prod.',
  autoStart: true,
  provides: IClient,
  activate: (app: JupyterFrontEnd) => new Client(app.serviceManager.serverSettings)
};

class Looks implements ILooks {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly client: Client,
    private readonly delay: () => number
  ) {
    tracker.currentChanged.connect(() => this.signal.emit(this.current));
  }

  of(panel: NotebookPanel): LookModel {
    const known = this.models.get(panel);
    if (known) {
      return known;
    }
    const source = new PanelSource(panel);
    const model = new LookModel(source, this.client, this.delay());
    this.models.set(panel, model);
    panel.disposed.connect(() => {
      model.dispose();
      source.dispose();
    });
    return model;
  }

  get current(): LookModel | null {
    const panel = this.tracker.currentWidget;
    return panel && !panel.isDisposed ? this.of(panel) : null;
  }

  get currentChanged(): ISignal<this, LookModel | null> {
    return this.signal;
  }

  private readonly models = new WeakMap<NotebookPanel, LookModel>();
  private readonly signal = new Signal<this, LookModel | null>(this);
}

export const looksPlugin: JupyterFrontEndPlugin<ILooks> = {
  id: 'nb2prod:plugin',
  description: 'Looks at the notebooks that are open, as they are on the screen.',
  autoStart: true,
  provides: ILooks,
  requires: [INotebookTracker, IClient],
  optional: [ISettingRegistry],
  activate: async (
    _: JupyterFrontEnd,
    tracker: INotebookTracker,
    client: Client,
    settings: ISettingRegistry | null
  ): Promise<ILooks> => {
    const own = await settings?.load(looksPlugin.id).catch(() => undefined); // the default serves
    return new Looks(tracker, client, () => (own?.get('delay').composite as number | undefined) ?? 400);
  }
};
