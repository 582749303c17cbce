// The plugin of schedules: where its widget and its form are opened from, and that it is there again after a reload.

import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import type { INotebookContent } from '@jupyterlab/nbformat';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { PanelSource } from '../analysis/source';
import type { Client } from '../api';
import { type IScheduleRow, Jobs } from '../jobs';
import { OPEN_RUNS } from '../runs/plugin';
import { IBrowsing, IClient, IScheduler } from '../tokens';
import type { Browsing } from '../ui/browsing';
import { scheduleIcon } from '../ui/icons';
import type { SchedulerModel } from '../ui/scheduler';
import { ownZone } from '../ui/zones';
import { draftOf, emptyDraft, type IDraft, keptDraft } from './draft';
import { EditorModel } from './editor';
import { SchedulesModel } from './model';
import { contentsPath } from './places';
import type { Choose } from './source';
import { INotebooks, Sources } from './sources';
import { SchedulesPanel } from './widget';

const OPEN_SCHEDULES = 'nb2prod:open-schedules';
/** With {path}: of that notebook, or {path, kind: 'pipeline'}: of that project; without: of the one in front. */
const CREATE_SCHEDULE = 'nb2prod:create-schedule';
const OPEN_RUN = 'nb2prod:open-run';

export const schedulesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nb2prod:schedules',
  description: 'Shows, makes and changes schedules.',
  autoStart: true,
  requires: [IClient, IScheduler],
  optional: [
    INotebookTracker,
    ITranslator,
    ICommandPalette,
    ILauncher,
    IMainMenu,
    ILayoutRestorer,
    IBrowsing,
    ILabShell
  ],
  activate: (
    app: JupyterFrontEnd,
    client: Client,
    scheduler: SchedulerModel,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    menu: IMainMenu | null,
    restorer: ILayoutRestorer | null,
    browsing: Browsing | null,
    shell: ILabShell | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    const tracker = new WidgetTracker<SchedulesPanel>({ namespace: 'nb2prod-schedules' });
    const choose = browsing ? chooser(browsing) : null;
    const office = new Office(app, client, notebooks, trans);
    const opened = (): SchedulesPanel => {
      const known = tracker.find(panel => !panel.isDisposed);
      if (known) {
        return known;
      }
      const panel = new SchedulesPanel(new SchedulesModel(office.jobs), {
        scheduler,
        trans,
        choose,
        newEditor: () => office.newEditor({}),
        editorOf: row => office.editorOf(row),
        openRuns: schedule => void app.commands.execute(OPEN_RUNS, { schedule }),
        openRun: id => office.openRun(id)
      });
      void tracker.add(panel);
      panel.stateChanged.connect(() => void tracker.save(panel));
      app.shell.add(panel, shell ? 'main' : 'right', { type: 'nb2prod' });
      return panel;
    };
    addCommands(app, office, opened, trans);
    const category = 'nb2prod';
    palette?.addItem({ command: OPEN_SCHEDULES, category });
    palette?.addItem({ command: CREATE_SCHEDULE, category });
    launcher?.add({ command: OPEN_SCHEDULES, category, rank: 20 });
    menu?.viewMenu.addGroup([{ command: OPEN_SCHEDULES }], 60);
    menu?.runMenu.addGroup([{ command: CREATE_SCHEDULE }], 60);
    void restorer?.restore(tracker, {
      command: OPEN_SCHEDULES,
      name: panel => panel.id,
      args: panel => panel.state
    });
  }
};

function addCommands(
  app: JupyterFrontEnd,
  office: Office,
  opened: () => SchedulesPanel,
  trans: TranslationBundle
): void {
  app.commands.addCommand(OPEN_SCHEDULES, {
    label: trans.__('Schedules'),
    caption: trans.__('Show when notebooks and pipelines run'),
    icon: scheduleIcon,
    execute: async args => {
      const panel = opened();
      app.shell.activateById(panel.id);
      if ('draft' in args) {
        try {
          panel.edit(await office.keptEditor(args));
        } catch (error) {
          panel.hold(args);
          panel.model.refuse(error);
        }
      }
    }
  });
  app.commands.addCommand(CREATE_SCHEDULE, {
    label: trans.__('Schedule…'),
    caption: trans.__('Schedule this notebook'),
    icon: scheduleIcon,
    execute: args => {
      const panel = opened();
      panel.edit(office.newEditor(args));
      app.shell.activateById(panel.id);
    }
  });
}

/** Makes the forms, from what JupyterLab has open. */
class Office implements INotebooks {
  constructor(
    private readonly app: JupyterFrontEnd,
    client: Client,
    private readonly tracker: INotebookTracker | null,
    private readonly trans: TranslationBundle
  ) {
    this.jobs = new Jobs(client);
    this.sources = new Sources(client, this.jobs, this);
  }

  readonly jobs: Jobs;

  openRun(id: string): void {
    void this.app.commands.execute(OPEN_RUN, { run: id });
  }

  newEditor(args: { readonly path?: unknown; readonly kind?: unknown }): EditorModel {
    const path =
      typeof args.path === 'string' ? args.path : (this.tracker?.currentWidget?.context.localPath ?? '');
    const source = args.kind === 'pipeline' ? 'pipeline' : 'notebook';
    const draft = { ...emptyDraft(ownZone()), path, source } as const;
    return new EditorModel(this.jobs, this.sources, this.trans, draft);
  }

  /** Raises what the server refuses. */
  async editorOf(row: IScheduleRow, typed: IDraft | null = null): Promise<EditorModel> {
    const [schedule, definition] = await Promise.all([
      this.jobs.schedule(row.name),
      this.jobs.version(row.definition, row.version)
    ]);
    const draft = typed ?? draftOf(schedule, definition, contentsPath(definition.path), ownZone());
    return new EditorModel(this.jobs, this.sources, this.trans, draft, { schedule, definition });
  }

  /** Of a form that was open before a reload: of a new schedule if its own is gone. Raises what the server refuses. */
  async keptEditor(args: ReadonlyPartialJSONObject): Promise<EditorModel> {
    const draft = keptDraft(args.draft, ownZone());
    const found = typeof args.edit === 'string' ? await this.jobs.schedules(args.edit) : null;
    const row = found?.items.find(each => each.name === args.edit);
    if (row) {
      return this.editorOf(row, draft);
    }
    const own = { ...draft, source: draft.source === 'kept' ? 'notebook' : draft.source } as const;
    return new EditorModel(this.jobs, this.sources, this.trans, own);
  }

  contentOf(path: string): INotebookContent | null {
    const panel = this.tracker?.find((each: NotebookPanel) => each.context.localPath === path);
    if (!panel?.context.isReady) {
      return null; // it is not open, or not yet
    }
    const source = new PanelSource(panel);
    const content = source.content();
    source.dispose();
    return content;
  }

  async read(path: string): Promise<INotebookContent> {
    return (await this.app.serviceManager.contents.get(path, { type: 'notebook', content: true })).content;
  }

  private readonly sources: Sources;
}

function chooser(browsing: Browsing): Choose {
  return kind => (kind === 'pipeline' ? browsing.pickFolder() : browsing.pickNotebook());
}
