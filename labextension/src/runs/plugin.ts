// The plugin of runs: where its widget is opened from, and that it is there again after a reload.

import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { Client } from '../api';
import { IRunFilter, Jobs } from '../jobs';
import type { RunStatus } from '../rest';
import { IClient, IScheduler } from '../tokens';
import { historyIcon } from '../ui/icons';
import type { SchedulerModel } from '../ui/scheduler';
import { STATUSES } from '../ui/status';
import { ALL_RUNS, RunsModel } from './model';
import { RunsPanel } from './widget';

/** With {schedule, definition, status}: which runs; without any, those that were shown last. */
export const OPEN_RUNS = 'nb2prod:open-runs';
const OPEN_RUN = 'nb2prod:open-run';

export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nb2prod:runs',
  description: 'Shows what ran, runs and waits to run.',
  autoStart: true,
  requires: [IClient, IScheduler],
  optional: [ITranslator, ICommandPalette, ILauncher, IMainMenu, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    client: Client,
    scheduler: SchedulerModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    menu: IMainMenu | null,
    restorer: ILayoutRestorer | null,
    shell: ILabShell | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    const tracker = new WidgetTracker<RunsPanel>({ namespace: 'nb2prod-runs' });
    const made = (filter: Partial<IRunFilter>): RunsPanel => {
      const openRun = (id: string) => void app.commands.execute(OPEN_RUN, { run: id });
      const panel = new RunsPanel(new RunsModel(new Jobs(client), filter), { scheduler, trans, openRun });
      panel.model.filterChanged.connect(() => void tracker.save(panel));
      void tracker.add(panel);
      return panel;
    };
    app.commands.addCommand(OPEN_RUNS, {
      label: trans.__('Runs'),
      caption: trans.__('Show what ran, runs and waits to run'),
      icon: historyIcon,
      execute: async args => {
        const filter = filterOf(args);
        const known = tracker.find(panel => !panel.isDisposed);
        const panel = known ?? made(filter);
        if (!panel.isAttached) {
          app.shell.add(panel, shell ? 'main' : 'right', { type: 'nb2prod' });
        } else if (Object.keys(filter).length) {
          void panel.model.setFilter({ ...ALL_RUNS, ...filter });
        }
        app.shell.activateById(panel.id);
      }
    });
    const category = 'nb2prod';
    palette?.addItem({ command: OPEN_RUNS, category });
    launcher?.add({ command: OPEN_RUNS, category, rank: 21 });
    menu?.viewMenu.addGroup([{ command: OPEN_RUNS }], 61);
    void restorer?.restore(tracker, {
      command: OPEN_RUNS,
      name: panel => panel.id,
      args: panel => ({ ...panel.model.filter, status: [...panel.model.filter.status] })
    });
  }
};

/** What is given of a filter, as far as it can be understood. */
function filterOf(args: ReadonlyPartialJSONObject): Partial<IRunFilter> {
  const { schedule, definition, status } = args;
  const known: readonly string[] = STATUSES;
  return {
    ...(typeof schedule === 'string' ? { schedule } : {}),
    ...(typeof definition === 'string' ? { definition } : {}),
    ...(Array.isArray(status)
      ? { status: status.filter(each => known.includes(String(each))) as RunStatus[] }
      : {})
  };
}
