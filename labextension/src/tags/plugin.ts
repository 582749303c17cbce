// The plugins of tags: what they say, their badges, and the commands that change them.

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ILooks, ITags } from '../tokens';
import { Badges } from './badges';
import { TagCommands } from './commands';
import { TagsModel } from './model';

export const tagsPlugin: JupyterFrontEndPlugin<ITags> = {
  id: 'nb2prod:tag-models',
  description: 'The tags of the notebooks that are open.',
  autoStart: true,
  provides: ITags,
  optional: [ITranslator],
  activate: (_: JupyterFrontEnd, translator: ITranslator | null): ITags => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    const models = new WeakMap<NotebookPanel, TagsModel>();
    const join = (panel: NotebookPanel) => {
      const model = new TagsModel(panel.context, trans);
      models.set(panel, model);
      panel.disposed.connect(() => model.dispose());
      return model;
    };
    return { of: panel => models.get(panel) ?? join(panel) };
  }
};

export const tagCommandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nb2prod:tags',
  description: 'Shows on each cell what it is for, and changes it.',
  autoStart: true,
  requires: [INotebookTracker, ITags],
  optional: [ILooks, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    tags: ITags,
    looks: ILooks | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    const commands = new TagCommands(app, tracker, tags, trans);
    const category = trans.__('Notebook Pipeline');
    commands.register().forEach(command => palette?.addItem({ command, category }));
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (panel: NotebookPanel) =>
        new Badges(panel, tags.of(panel), looks?.of(panel) ?? null, trans, cell =>
          commands.openAt(panel, cell)
        )
    });
  }
};
