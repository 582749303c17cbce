// The commands of tags. Each acts on the selected code cells of the notebook in front.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { ITags } from '../tokens';
import { pipelineIcon } from '../ui/icons';
import { kindWord } from './badge';
import type { Choice } from './changes';
import { commonStep, markOf } from './entries';
import { FLAGS, Flag, KINDS } from './grammar';
import type { TagsModel } from './model';
import { nameOrNull } from './names';
import { Popup, View } from './popup';

const COMMANDS = {
  open: 'nb2prod:open-tags',
  step: 'nb2prod:tag-step',
  none: 'nb2prod:untag',
  options: 'nb2prod:set-step-options',
  rename: 'nb2prod:rename-step'
} as const;

const kindCommand = (kind: string) => `nb2prod:tag-${kind}`;
const markCommand = (flag: Flag) => `nb2prod:mark-${flag}`;

/** The notebook in front, its tags, and the places of its selected code cells. */
interface ISelection {
  readonly panel: NotebookPanel;
  readonly tags: TagsModel;
  readonly targets: readonly number[];
}

export class TagCommands {
  constructor(
    private readonly app: Pick<JupyterFrontEnd, 'commands' | 'shell'>,
    private readonly tracker: INotebookTracker,
    private readonly tags: ITags,
    private readonly trans: TranslationBundle
  ) {}

  /** Adds all; returns their names. */
  register(): readonly string[] {
    return [this.addMenus(), this.addSteps(), this.addKinds(), this.addMarks()].flat();
  }

  /** The menu for a cell whose badge was pressed: for all selected cells when it is one of them. */
  openAt(panel: NotebookPanel, cell: Cell): void {
    const notebook = panel.content;
    if (!notebook.isSelectedOrActive(cell)) {
      notebook.deselectAll();
      notebook.activeCellIndex = notebook.widgets.indexOf(cell);
    }
    this.open('menu', selectionOf(panel, this.tags), cell);
  }

  private get selection(): ISelection | null {
    const panel = this.tracker.currentWidget;
    return panel && panel === this.app.shell.currentWidget ? selectionOf(panel, this.tags) : null;
  }

  /** The selection where it can be changed. */
  private get writable(): ISelection | null {
    const found = this.selection;
    return found && !found.tags.refusal && found.targets.length ? found : null;
  }

  private addMenus(): string[] {
    const { trans } = this;
    const hasStep = () => this.writable !== null && stepOf(this.writable) !== null;
    return [
      this.add(COMMANDS.open, trans.__('Tag Cell…'), trans.__('Say what the selected cells are for'), () =>
        this.open('menu', this.writable)
      ),
      this.add(
        COMMANDS.options,
        trans.__('Options of the Step…'),
        trans.__('Retries, timeout, cache and resources of the step of the selected cells'),
        args => this.open('options', this.writable, null, args['step']),
        { isEnabled: hasStep }
      ),
      this.add(
        COMMANDS.rename,
        trans.__('Rename Step…'),
        trans.__('Give the step of the selected cells another name, in all its cells'),
        args => this.open('rename', this.writable, null, args['step']),
        { isEnabled: hasStep }
      )
    ];
  }

  private addSteps(): string[] {
    const { trans } = this;
    const choose = (choice: Choice) => this.writable?.tags.choose(this.writable.targets, choice);
    return [
      this.add(
        COMMANDS.step,
        args => (args['step'] ? trans.__('Tag as Step %1', String(args['step'])) : trans.__('Tag as Step…')),
        trans.__('Put the selected cells into a step of the pipeline'),
        args => {
          const step = nameOrNull(String(args['step'] ?? ''));
          return step ? choose({ is: 'step', step }) : this.open('menu', this.writable);
        }
      ),
      this.add(
        COMMANDS.none,
        trans.__('Remove Tags of nb2prod'),
        trans.__('Let the selected cells go to the step before them'),
        () => choose({ is: 'none' })
      )
    ];
  }

  private addKinds(): string[] {
    return KINDS.map(kind =>
      this.add(
        kindCommand(kind),
        this.trans.__('Tag as %1', kindWord(kind, this.trans)),
        this.trans.__('Say that the selected cells are for %1', kindWord(kind, this.trans)),
        () => this.writable?.tags.choose(this.writable.targets, { is: 'kind', kind }),
        { isToggled: () => isAll(this.selection, place => place.own && place.role === kind) }
      )
    );
  }

  private addMarks(): string[] {
    const state = (found: ISelection | null, flag: Flag) => found && markOf(found.tags, found.targets, flag);
    return FLAGS.map(flag =>
      this.add(
        markCommand(flag),
        this.trans.__('Mark as %1', flag),
        this.trans.__('Mark the selected cells of steps as %1, or take the mark away', flag),
        () => this.writable?.tags.mark(this.writable.targets, flag, state(this.writable, flag) !== 'true'),
        {
          isEnabled: () => state(this.writable, flag) !== null,
          isToggled: () => state(this.selection, flag) === 'true'
        }
      )
    );
  }

  private add(
    id: string,
    label: CommandRegistry.CommandFunc<string> | string,
    caption: string,
    execute: (args: ReadonlyPartialJSONObject) => void,
    more: Partial<CommandRegistry.ICommandOptions> = {}
  ): string {
    const isEnabled = () => this.writable !== null;
    const icon = more.isToggled ? undefined : pipelineIcon;
    this.app.commands.addCommand(id, { label, caption, icon, execute, isEnabled, ...more });
    return id;
  }

  private open(view: View, found: ISelection | null, at: Cell | null = null, step?: unknown): void {
    if (!found || found.tags.refusal) {
      return;
    }
    const { panel, tags, targets } = found;
    const cell = at ?? panel.content.activeCell;
    this.popup?.shut(false);
    this.popup = new Popup({
      tags,
      cells: targets.map(index => tags.cells[index]!.id),
      view,
      ...(view === 'menu' ? {} : { step: typeof step === 'string' ? step : (stepOf(found) ?? '') }),
      trans: this.trans,
      anchor: cell?.node.querySelector('.nb2prod-Badge-face')?.getBoundingClientRect() ?? null,
      onClosed: isDone => {
        this.popup = null;
        if (isDone && !panel.isDisposed) {
          panel.content.mode = 'command';
          panel.content.activate();
        }
      }
    });
    this.popup.open();
  }

  private popup: Popup | null = null;
}

function selectionOf(panel: NotebookPanel, all: ITags): ISelection {
  const tags = all.of(panel);
  const targets = panel.content.widgets
    .filter(cell => cell.model.type === 'code' && panel.content.isSelectedOrActive(cell))
    .map(cell => tags.indexOf(cell.model.id))
    .filter(index => index >= 0);
  return { panel, tags, targets };
}

function stepOf({ tags, targets }: ISelection): string | null {
  return targets.length ? commonStep(tags, targets) : null;
}

function isAll(found: ISelection | null, test: (place: TagsModel['places'][number]) => boolean): boolean {
  return (
    found !== null &&
    found.targets.length > 0 &&
    found.targets.every(index => test(found.tags.places[index]!))
  );
}
