// Runs: the form, the tabs that follow them, and their artifacts as a drive.

import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, showErrorMessage, WidgetTracker } from '@jupyterlab/apputils';
import { PageConfig, PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import type { Client } from '../api';
import type { IArtifact, IPage, IPool, IRun } from '../rest';
import { IBrowsing, IClient, ILooks, IScheduler, IStepStates } from '../tokens';
import type { Browsing } from '../ui/browsing';
import { jobIcon } from '../ui/icons';
import { jump } from '../ui/jump';
import type { SchedulerModel } from '../ui/scheduler';
import { messageOf } from '../ui/waiting';
import { runDialog } from './dialog';
import { artifactPath, RunDrive } from './drive';
import { RunModel } from './model';
import { RunOrder } from './order';
import { below, stepStates } from './places';
import { beginReplay } from './replay';
import { Subjects } from './subject';
import { IRunActions, runWidget } from './view';

const OPEN = 'nb2prod:open-run';

class Running implements IRunActions {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly client: Client,
    private readonly documents: IDocumentManager,
    private readonly subjects: Subjects,
    private readonly states: IStepStates | null,
    private readonly isLab: boolean,
    readonly scheduler: SchedulerModel,
    readonly trans: TranslationBundle
  ) {}

  readonly tabs = new WidgetTracker<MainAreaWidget>({ namespace: 'nb2prod-run' });

  /** Asks with which parameters and how, then runs. */
  async ask(path: string, kind: 'notebook' | 'pipeline'): Promise<void> {
    try {
      const isProject = kind === 'pipeline';
      const found = isProject ? await this.subjects.ofProject(path) : await this.subjects.ofNotebook(path);
      const first = isProject ? 'pipeline' : found.notebook?.content ? 'screen' : 'saved';
      const begun: IRun[] = [];
      const order = new RunOrder(this.client, found, first, this.trans, run => begun.push(run));
      const pools = await this.pools();
      await runDialog({ order, pools, scheduler: this.scheduler, trans: this.trans }).launch();
      begun.forEach(run => this.show(run.id, found.from ?? '')); // an open dialog keeps the focus from it
    } catch (error) {
      await showErrorMessage(this.trans.__('%1 cannot be run', path), messageOf(error));
    }
  }

  /** `notebook` is the path of the one behind it, '' when that is not known. */
  show(id: string, notebook = ''): void {
    let tab = this.tabs.find(each => each.id === `nb2prod-run-${id}`);
    if (!tab) {
      const model = new RunModel(this.client, id);
      model.notebook = notebook || null;
      tab = runWidget(model, this);
      this.models.set(tab, model);
      model.changed.connect(() => this.drawSteps(model));
      void this.tabs.add(tab);
    }
    if (!tab.isAttached) {
      this.app.shell.add(tab, this.isLab ? 'main' : 'right', { type: 'nb2prod' });
    }
    this.app.shell.activateById(tab.id);
  }

  argumentsOf(tab: MainAreaWidget): { run: string; notebook: string } {
    const model = this.models.get(tab);
    return { run: model?.id ?? '', notebook: model?.notebook ?? '' };
  }

  contentsPath(path: string): string | null {
    return below(path, PageConfig.getOption('serverRoot'));
  }

  jump(path: string, cell: number, line: number): void {
    jump(this.documents, path, cell, line).catch(error =>
      showErrorMessage(this.trans.__('The cell cannot be shown'), messageOf(error))
    );
  }

  openRun(id: string, notebook: string | null): void {
    this.show(id, notebook ?? '');
  }

  openArtifact(artifact: IArtifact): void {
    const path = artifactPath(artifact.run_id, artifact.attempt, artifact.name);
    const viewer = PathExt.extname(path) === '.html' ? 'HTML Viewer' : 'default';
    const known = this.documents.registry.getWidgetFactory(viewer.toLowerCase());
    const opened = this.documents.openOrReveal(path, known ? viewer : 'default');
    if (opened instanceof NotebookPanel) {
      const { sessionContext } = opened.context; // what was run is read here, and needs no kernel
      const none = { shouldStart: false, autoStartDefault: false };
      sessionContext.kernelPreference = { ...sessionContext.kernelPreference, ...none };
    }
  }

  async replay(model: RunModel, step: string): Promise<void> {
    const folder = model.notebook === null ? '' : PathExt.dirname(model.notebook);
    const operation = await beginReplay(this.client, model.id, step, folder);
    await operation.over;
    if (operation.state !== 'completed' || !operation.result) {
      throw new Error(operation.error?.detail ?? this.trans.__('The server ended before it was done.'));
    }
    this.documents.openOrReveal(operation.result.path);
  }

  /** On the graph of the notebook, where its run's steps are shown. */
  private drawSteps(model: RunModel): void {
    if (model.notebook && model.detail?.definition.kind === 'pipeline') {
      this.states?.set(model.notebook, stepStates(model.progress));
    }
  }

  private async pools(): Promise<readonly IPool[]> {
    return (await this.client.request<IPage<IPool>>('jobs/pools').catch(() => null))?.items ?? [];
  }

  private readonly models = new WeakMap<MainAreaWidget, RunModel>();
}

function addCommands(
  app: JupyterFrontEnd,
  running: Running,
  browsing: Browsing,
  notebooks: INotebookTracker
): void {
  const { trans } = running;
  const chosen = () => (browsing.chosen ? browsing.path(browsing.chosen) : null);
  app.commands.addCommand('nb2prod:run-job', {
    label: trans.__('Run as a Job …'),
    caption: trans.__('Run this notebook, or its project, with parameters'),
    icon: jobIcon,
    execute: async args => {
      const current = notebooks.currentWidget?.context.localPath;
      const path =
        typeof args['path'] === 'string' ? args['path'] : (current ?? (await browsing.pickNotebook()));
      const kind = args['kind'] === 'pipeline' ? 'pipeline' : 'notebook';
      await (path === null ? undefined : running.ask(path, kind));
    }
  });
  app.commands.addCommand('nb2prod:run-file', {
    label: trans.__('Run as a Job …'),
    icon: jobIcon,
    isVisible: () => browsing.chosen?.type === 'notebook',
    execute: () => running.ask(chosen()!, 'notebook')
  });
  app.commands.addCommand('nb2prod:run-folder', {
    label: trans.__('Run …'),
    icon: jobIcon,
    isVisible: () => browsing.isProject,
    execute: () => running.ask(chosen()!, 'pipeline')
  });
  app.commands.addCommand(OPEN, {
    label: trans.__('Open a Run'),
    isVisible: () => false,
    execute: args => {
      if (typeof args['run'] === 'string' && args['run']) {
        running.show(args['run'], String(args['notebook'] ?? ''));
      }
    }
  });
}

export const runPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nb2prod:run',
  description: 'Runs notebooks and projects as jobs, and follows them.',
  autoStart: true,
  requires: [IClient, ILooks, IScheduler, IBrowsing, INotebookTracker, IDocumentManager],
  optional: [ITranslator, ILabShell, ILayoutRestorer, IStateDB, ICommandPalette, IStepStates],
  activate: (
    app: JupyterFrontEnd,
    client: Client,
    looks: ILooks,
    scheduler: SchedulerModel,
    browsing: Browsing,
    notebooks: INotebookTracker,
    documents: IDocumentManager,
    translator: ITranslator | null,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    palette: ICommandPalette | null,
    states: IStepStates | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    app.serviceManager.contents.addDrive(new RunDrive(client, app.docRegistry));
    const subjects = new Subjects(client, documents, notebooks, looks, state);
    const isLab = labShell !== null;
    const running = new Running(app, client, documents, subjects, states, isLab, scheduler, trans);
    addCommands(app, running, browsing, notebooks);
    void restorer?.restore(running.tabs, {
      command: OPEN,
      args: tab => running.argumentsOf(tab),
      name: tab => running.argumentsOf(tab).run
    });
    palette?.addItem({ command: 'nb2prod:run-job', category: 'nb2prod' });
  }
};
