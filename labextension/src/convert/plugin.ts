// Conversion and verification: commands, the dialog, and the tabs that show how they go.

import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  Notification,
  showErrorMessage,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import type { Client } from '../api';
import { IBrowsing, IClient, ILooks } from '../tokens';
import type { Browsing } from '../ui/browsing';
import { convertIcon } from '../ui/icons';
import { jump } from '../ui/jump';
import { messageOf } from '../ui/waiting';
import { ChoiceModel, ISubject } from './choice';
import { convertDialog } from './dialog';
import type { ITexts } from './files';
import { IConvertChoice, Work } from './model';
import { IWorkActions, workWidget } from './view';
import { Works } from './works';

const SHOW = 'nb2prod:show-work';
const GO_TO = 'filebrowser:go-to-path';
const PATIENCE = 4000; // milliseconds that a dialog waits for the look at its notebook

/** What the commands share. */
class Converting implements IWorkActions {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly client: Client,
    private readonly documents: IDocumentManager,
    private readonly notebooks: INotebookTracker,
    private readonly looks: ILooks,
    private readonly isLab: boolean,
    readonly works: Works,
    readonly trans: TranslationBundle
  ) {
    works.ended.connect((_, work) => this.tellOfEnd(work));
  }

  readonly tabs = new WidgetTracker<MainAreaWidget>({ namespace: 'nb2prod-work' });

  /** Asks where to and how, then begins. */
  async ask(path: string, initial: Partial<IConvertChoice> = {}): Promise<void> {
    const panel = this.notebooks.find(each => each.context.localPath === path) ?? null;
    const subject = await this.subject(path, panel);
    const given = { ...this.works.lastChoice(path), ...initial };
    const begun: Work[] = [];
    const begin = async (choice: IConvertChoice) => void begun.push(await this.begin(path, panel, choice));
    const model = new ChoiceModel(subject, given, begin, this.trans);
    const dialog = convertDialog({
      model,
      trans: this.trans,
      onJump: (cell, line) => {
        dialog.reject();
        void jump(this.documents, path, cell, line);
      }
    });
    await dialog.launch();
    begun.forEach(work => this.show(work)); // an open dialog keeps the focus from it
  }

  async verify(folder: string): Promise<void> {
    try {
      this.show(await this.works.verify(folder));
    } catch (error) {
      await showErrorMessage(this.trans.__('%1 cannot be verified', folder), messageOf(error));
    }
  }

  show(work: Work): void {
    let tab = this.tabs.find(each => each.id === `nb2prod-work-${work.key}`);
    if (!tab) {
      tab = workWidget(work, this);
      this.keys.set(tab, work.key);
      void this.tabs.add(tab);
    }
    if (!tab.isAttached) {
      this.app.shell.add(tab, this.isLab ? 'main' : 'right', { type: 'nb2prod' });
    }
    this.app.shell.activateById(tab.id);
  }

  keyOf(tab: MainAreaWidget): string {
    return this.keys.get(tab) ?? '';
  }

  convertAgain(work: Work): void {
    void this.ask(work.path, work.kept.choice ?? {});
  }

  openFile(path: string): void {
    this.documents.openOrReveal(path);
  }

  runPipeline(folder: string): void {
    void this.app.commands.execute('nb2prod:run-job', { path: folder, kind: 'pipeline' });
  }

  get hasFolders(): boolean {
    return this.app.commands.hasCommand(GO_TO);
  }

  showFolder(folder: string): void {
    void this.app.commands.execute(GO_TO, { path: folder });
  }

  jumpInNotebook(work: Work, cell: number, line: number): void {
    void this.notebookOf(work)
      .then(path => jump(this.documents, path, cell, line))
      .catch(error => showErrorMessage(this.trans.__('The cell cannot be shown'), messageOf(error)));
  }

  texts(folder: string, file: string): Promise<ITexts> {
    return this.client.request<ITexts>('project/file', { query: { path: folder, file } });
  }

  private async notebookOf(work: Work): Promise<string> {
    if (work.kept.kind === 'convert') {
      return work.path;
    }
    const found = await this.client.request<{ notebook: string | null }>('project', {
      query: { path: work.path }
    });
    if (!found.notebook) {
      throw new Error(this.trans.__('The project’s notebook is not in JupyterLab’s folder.'));
    }
    return found.notebook;
  }

  private async begin(path: string, panel: NotebookPanel | null, choice: IConvertChoice): Promise<Work> {
    if (panel?.context.model.dirty && !isReadOnly(panel)) {
      await panel.context.save();
    }
    return this.works.convert(path, choice);
  }

  private async subject(path: string, panel: NotebookPanel | null): Promise<ISubject> {
    const isDirty = panel?.context.model.dirty ?? false;
    const look = await within(PATIENCE, panel ? this.lookIn(panel) : this.lookAt(path));
    return { path, isDirty, isReadOnly: panel ? isReadOnly(panel) : false, look };
  }

  private async lookIn(panel: NotebookPanel): Promise<ISubject['look']> {
    const model = this.looks.of(panel);
    if (model.state !== 'fresh') {
      await model.refresh();
    }
    return model.state === 'failed' ? null : model.look;
  }

  private async lookAt(path: string): Promise<ISubject['look']> {
    const found = await this.documents.services.contents.get(path, { content: true, type: 'notebook' });
    return this.client.look(path, found.content);
  }

  /** Who looks elsewhere hears of it. */
  private tellOfEnd(work: Work): void {
    const tab = this.tabs.find(each => this.keyOf(each) === work.key);
    if (tab?.isVisible) {
      return;
    }
    const label = this.trans.__('Show');
    const actions = [{ label, callback: () => this.show(work) }];
    const last = work.verification ?? work.conversion;
    const isGood = last?.state === 'completed' && work.verification?.result?.equal !== false;
    const said = endOf(work, this.trans);
    Notification.emit(said, isGood ? 'success' : 'warning', { autoClose: 8000, actions });
  }

  private readonly keys = new WeakMap<MainAreaWidget, string>();
}

function endOf(work: Work, trans: TranslationBundle): string {
  const name = work.path.split('/').pop()!;
  if (work.verification) {
    const found = work.verification.result;
    return found ? found.summary : trans.__('The verification of %1 ended without a result.', name);
  }
  return work.conversion?.state === 'completed'
    ? trans.__('%1 is converted into %2.', name, work.folder)
    : trans.__('%1 was not converted.', name);
}

function isReadOnly(panel: NotebookPanel): boolean {
  return panel.context.model.readOnly || panel.context.contentsModel?.writable === false;
}

/** Null when it takes longer, or fails: then the server decides. */
function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value | null> {
  const late = new Promise<null>(resolve => setTimeout(() => resolve(null), milliseconds));
  return Promise.race([work.catch(() => null), late]);
}

function addCommands(
  app: JupyterFrontEnd,
  converting: Converting,
  browsing: Browsing,
  notebooks: INotebookTracker
): void {
  const { trans, works } = converting;
  const current = () => notebooks.currentWidget?.context.localPath ?? null;
  app.commands.addCommand('nb2prod:convert-notebook', {
    label: trans.__('Convert to a Project …'),
    caption: trans.__('Make a project of this notebook'),
    icon: convertIcon,
    execute: async args => {
      const given = typeof args['path'] === 'string' ? args['path'] : args['pick'] ? null : current();
      const path = given ?? (await browsing.pickNotebook());
      await (path === null ? undefined : converting.ask(path));
    }
  });
  app.commands.addCommand('nb2prod:convert-file', {
    label: trans.__('Convert to a Project …'),
    icon: convertIcon,
    isVisible: () => browsing.chosen?.type === 'notebook',
    execute: () => (browsing.chosen ? converting.ask(browsing.path(browsing.chosen)) : undefined)
  });
  app.commands.addCommand('nb2prod:verify-project', {
    label: trans.__('Verify a Project …'),
    caption: trans.__('Run the notebook and the project, and compare them'),
    execute: async args => {
      const path = typeof args['path'] === 'string' ? args['path'] : await browsing.pickFolder();
      await (path === null ? undefined : converting.verify(path));
    }
  });
  app.commands.addCommand('nb2prod:verify-folder', {
    label: trans.__('Verify'),
    isVisible: () => browsing.isProject,
    execute: () => (browsing.chosen ? converting.verify(browsing.path(browsing.chosen)) : undefined)
  });
  app.commands.addCommand(SHOW, {
    label: trans.__('Show a Conversion'),
    isVisible: () => false,
    execute: async args => {
      await works.ready;
      const work = works.get(String(args['key']));
      if (work) {
        converting.show(work);
      }
    }
  });
}

export const convertPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nb2prod:convert',
  description: 'Converts notebooks into projects, and verifies them.',
  autoStart: true,
  requires: [IClient, ILooks, INotebookTracker, IDocumentManager, IBrowsing],
  optional: [ITranslator, ILabShell, ILayoutRestorer, IStateDB, ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    client: Client,
    looks: ILooks,
    notebooks: INotebookTracker,
    documents: IDocumentManager,
    browsing: Browsing,
    translator: ITranslator | null,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    const works = new Works(client, state);
    const isLab = labShell !== null;
    const converting = new Converting(app, client, documents, notebooks, looks, isLab, works, trans);
    addCommands(app, converting, browsing, notebooks);
    void restorer?.restore(converting.tabs, {
      command: SHOW,
      args: tab => ({ key: converting.keyOf(tab) }),
      name: tab => converting.keyOf(tab)
    });
    for (const command of ['nb2prod:convert-notebook', 'nb2prod:verify-project']) {
      palette?.addItem({ command, category: 'nb2prod' });
    }
    launcher?.add({
      command: 'nb2prod:convert-notebook',
      args: { pick: true },
      category: 'nb2prod',
      rank: 1
    });
  }
};
