// The plugin of findings: what is shown beside the cells, the fixes, and the pages of the rules.

import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import type { LookModel } from '../analysis/model';
import type { Client, IFinding, Severity } from '../api';
import { IClient, IFindings, ILooks } from '../tokens';
import { pipelineIcon } from '../ui/icons';
import { revealCells } from '../ui/reveal';
import { fixIn } from './fix';
import { EditorModel, Marks } from './marks';
import { atLeast, nextFinding, SEVERITIES } from './model';
import { RulePage } from './rule';
import { Watch } from './watch';

const PLUGIN = 'nb2prod:findings';
const OPEN_RULE = 'nb2prod:open-rule';
const NEXT = 'nb2prod:next-finding';
const PREVIOUS = 'nb2prod:previous-finding';

class Findings implements IFindings {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly tracker: INotebookTracker,
    private readonly looks: ILooks,
    private readonly trans: TranslationBundle
  ) {
    const fix = (model: EditorModel, finding: IFinding) => void this.fixWhere(model, finding);
    this.marks = new Marks({ fix, explain: code => this.explain(code) }, trans);
    tracker.forEach(panel => this.watch(panel));
    tracker.widgetAdded.connect((_, panel) => this.watch(panel));
  }

  readonly marks: Marks;

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  /** The settings say so. */
  configure(gutter: boolean, threshold: Severity): void {
    this.marks.isOn = gutter;
    if (threshold !== this.threshold) {
      this.threshold = threshold;
      this.watches.forEach(watch => watch.draw());
      this.signal.emit();
    }
  }

  shown(findings: readonly IFinding[]): readonly IFinding[] {
    return atLeast(findings, this.threshold);
  }

  async fix(look: Pick<LookModel, 'source'>, finding: IFinding): Promise<boolean> {
    const panel = this.tracker.find(each => this.looks.of(each).source === look.source);
    return panel ? this.fixInPanel(panel, finding) : false;
  }

  explain(code: string): void {
    void this.app.commands.execute(OPEN_RULE, { code });
  }

  /** The findings of a notebook that are shown, in its order. */
  of(panel: NotebookPanel): readonly IFinding[] {
    return this.shown(this.looks.of(panel).look?.findings ?? []);
  }

  private watch(panel: NotebookPanel): void {
    const watch = new Watch(panel, this.looks.of(panel), this.marks, findings => this.shown(findings));
    this.watches.add(watch);
    panel.disposed.connect(() => this.watches.delete(watch));
  }

  private fixWhere(model: EditorModel, finding: IFinding): boolean {
    const panel = this.tracker.find(each => Array.from(each.model?.cells ?? []).some(cell => cell === model));
    return panel ? this.fixInPanel(panel, finding) : false;
  }

  private fixInPanel(panel: NotebookPanel, finding: IFinding): boolean {
    const look = this.looks.of(panel);
    if (panel.model?.readOnly || panel.context.contentsModel?.writable === false) {
      Notification.warning(this.trans.__('The notebook is read-only: nothing was changed.'), SHORT);
      return false;
    }
    const id = look.idOf(finding.cell);
    if (!fixIn(panel, look, finding)) {
      Notification.info(
        this.trans.__(
          'The cell was changed since this was found: nothing was fixed. Look again in a moment.'
        ),
        SHORT
      );
      return false;
    }
    if (id !== undefined) {
      revealCells(panel, [id]);
    }
    return true;
  }

  private readonly signal = new Signal<this, void>(this);
  private threshold: Severity = 'info';
  private readonly watches = new Set<Watch>();
}

const SHORT = { autoClose: 5000 } as const;

export const findingsPlugin: JupyterFrontEndPlugin<IFindings> = {
  id: PLUGIN,
  description: 'Shows what nb2prod finds in a notebook beside its lines, and fixes it.',
  autoStart: true,
  provides: IFindings,
  requires: [INotebookTracker, ILooks, IClient, IEditorExtensionRegistry],
  optional: [ISettingRegistry, ITranslator, ICommandPalette, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    looks: ILooks,
    client: Client,
    editors: IEditorExtensionRegistry,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null
  ): IFindings => {
    const trans = (translator ?? nullTranslator).load('nb2prod');
    const findings = new Findings(app, tracker, looks, trans);
    editors.addExtension({
      name: 'nb2prod:findings',
      factory: ({ model, inline }) =>
        inline && model.sharedModel && 'type' in model && model.type === 'code'
          ? EditorExtensionRegistry.createImmutableExtension(findings.marks.extension(model))
          : null
    });
    void settings?.load(PLUGIN).then(own => {
      const take = () =>
        findings.configure(
          own.get('gutter').composite !== false,
          SEVERITIES.find(each => each === own.get('threshold').composite) ?? 'info'
        );
      own.changed.connect(take);
      take();
    });
    addRulePages(app, client, trans, restorer, labShell !== null);
    addSteps(app, tracker, findings, trans, palette);
    return findings;
  }
};

function addRulePages(
  app: JupyterFrontEnd,
  client: Client,
  trans: TranslationBundle,
  restorer: ILayoutRestorer | null,
  isLab: boolean
): void {
  const pages = new WidgetTracker<MainAreaWidget<RulePage>>({ namespace: 'nb2prod-rules' });
  app.commands.addCommand(OPEN_RULE, {
    label: trans.__('Open the Page of a Rule'),
    caption: trans.__('Why a finding is one, and what to write instead'),
    icon: pipelineIcon,
    isVisible: () => false,
    execute: async args => {
      const code = String(args['code'] ?? '');
      const known = pages.find(page => page.content.code === code);
      const page = known ?? new MainAreaWidget({ content: new RulePage(code, client, trans) });
      if (!known) {
        // Notebook 7 has one document in its main area
        const options = isLab ? { mode: 'split-right' as const, ref: tabRef(app) } : { type: 'nb2prod' };
        app.shell.add(page, isLab ? 'main' : 'right', options);
        await pages.add(page);
      }
      app.shell.activateById(page.id);
    }
  });
  void restorer?.restore(pages, {
    command: OPEN_RULE,
    args: page => ({ code: page.content.code }),
    name: page => page.content.code
  });
}

/** Beside what is in front, so that the notebook stays in view. */
function tabRef(app: JupyterFrontEnd): string | null {
  return app.shell.currentWidget?.id ?? null;
}

/** From finding to finding, for the keyboard. */
function addSteps(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  findings: Findings,
  trans: TranslationBundle,
  palette: ICommandPalette | null
): void {
  const go = (direction: 1 | -1) => () => {
    const panel = tracker.currentWidget;
    const look = panel && findings.of(panel);
    if (!panel || !look) {
      return;
    }
    const { activeCellIndex, activeCell } = panel.content;
    const line = (activeCell?.editor?.getCursorPosition().line ?? -1) + 1;
    const found = nextFinding(look, { cell: activeCellIndex + 1, line }, direction);
    const cell = found ? panel.content.widgets[found.cell - 1] : undefined;
    if (found && cell) {
      revealCells(panel, [cell.model.id], found.line || 1);
    }
  };
  const isEnabled = () => tracker.currentWidget !== null && findings.of(tracker.currentWidget).length > 0;
  app.commands.addCommand(NEXT, {
    label: trans.__('Go to the Next Finding'),
    caption: trans.__('Put the cursor where nb2prod found something next'),
    isEnabled,
    execute: go(1)
  });
  app.commands.addCommand(PREVIOUS, {
    label: trans.__('Go to the Previous Finding'),
    caption: trans.__('Put the cursor where nb2prod found something before'),
    isEnabled,
    execute: go(-1)
  });
  [NEXT, PREVIOUS].forEach(command => palette?.addItem({ command, category: 'nb2prod' }));
}
