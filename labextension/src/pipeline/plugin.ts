// The plugin of the pipeline panel.

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import type { Client } from '../api';
import { SEVERITIES } from '../findings/model';
import { IClient, IFindings, ILooks, IStepStates, ITags } from '../tokens';
import { pipelineIcon } from '../ui/icons';
import { PanelFront } from './front';
import { PipelineModel } from './model';
import { DEFAULT_STATE, IPanelState, PipelinePanel } from './panel';
import { StepStates } from './states';

const STATE = 'nb2prod:pipeline';
const SHOW = 'nb2prod:show-pipeline';
const TOGGLE = 'nb2prod:toggle-pipeline-list';
const SUGGEST = 'nb2prod:suggest-tags';
const RANK = 600;

export const stepStatesPlugin: JupyterFrontEndPlugin<IStepStates> = {
  id: 'nb2prod:step-states',
  description: 'The state of each step of the run that a graph shows.',
  autoStart: true,
  provides: IStepStates,
  activate: () => new StepStates()
};

export const pipelinePlugin: JupyterFrontEndPlugin<void> = {
  id: 'nb2prod:pipeline',
  description: 'Shows the pipeline of the notebook in front, as it is on the screen.',
  autoStart: true,
  requires: [INotebookTracker, ILooks, IClient, IStepStates, ITags],
  optional: [IFindings, ITranslator, ILayoutRestorer, IStateDB, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    looks: ILooks,
    client: Client,
    states: IStepStates,
    tags: ITags,
    findings: IFindings | null,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    database: IStateDB | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    const panel = new PipelinePanel(new PipelineModel(client, states), trans, findings);
    follow(panel, tracker, looks, tags);
    void keepState(panel, database);
    app.shell.add(panel, 'right', { rank: RANK, type: 'nb2prod' });
    restorer?.add(panel, panel.id);
    addCommands(app, panel, trans, palette);
  }
};

/** The panel shows the notebook in front. */
function follow(panel: PipelinePanel, tracker: INotebookTracker, looks: ILooks, tags: ITags): void {
  const take = () => {
    const notebook = tracker.currentWidget;
    panel.model.front =
      notebook && !notebook.isDisposed
        ? new PanelFront(notebook, looks.of(notebook), tags.of(notebook))
        : null;
  };
  tracker.currentChanged.connect(take);
  panel.disposed.connect(() => tracker.currentChanged.disconnect(take));
  take();
}

async function keepState(panel: PipelinePanel, database: IStateDB | null): Promise<void> {
  const kept = (await database?.fetch(STATE).catch(() => undefined)) as Partial<IPanelState> | undefined;
  panel.arrange({
    view: kept?.view === 'list' ? 'list' : DEFAULT_STATE.view,
    hidden: SEVERITIES.filter(severity => kept?.hidden?.includes(severity))
  });
  let last = panel.state;
  panel.stateChanged.connect(() => {
    if (panel.state !== last) {
      last = panel.state;
      void database?.save(STATE, { view: last.view, hidden: [...last.hidden] });
    }
  });
}

function addCommands(
  app: JupyterFrontEnd,
  panel: PipelinePanel,
  trans: TranslationBundle,
  palette: ICommandPalette | null
): void {
  const { model } = panel;
  app.commands.addCommand(SHOW, {
    label: trans.__('Show the Pipeline'),
    caption: trans.__('Show the steps of the notebook in front, and what flows between them'),
    icon: pipelineIcon,
    execute: () => {
      app.shell.activateById(panel.id);
      panel.focusInside();
    }
  });
  app.commands.addCommand(TOGGLE, {
    label: trans.__('Show the Pipeline as a List'),
    caption: trans.__('Show the pipeline as a list, or as a graph again'),
    isToggled: () => panel.state.view === 'list',
    execute: () => {
      panel.arrange({ view: panel.state.view === 'list' ? 'graph' : 'list' });
      app.shell.activateById(panel.id);
    }
  });
  app.commands.addCommand(SUGGEST, {
    label: trans.__('Suggest Tags for Untagged Cells'),
    caption: trans.__('Propose what each untagged cell is for; nothing is written before it is accepted'),
    icon: pipelineIcon,
    isEnabled: () => model.front !== null && model.front.refusal === '',
    execute: async () => {
      app.shell.activateById(panel.id);
      await model.suggest();
    }
  });
  [SHOW, TOGGLE, SUGGEST].forEach(command => palette?.addItem({ command, category: 'nb2prod' }));
}
