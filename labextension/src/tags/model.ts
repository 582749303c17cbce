// The tags of one notebook: what they say now, and changing them, each change one step of the notebook's undo.

import type { ICellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt, ReadonlyJSONObject, ReadonlyJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { coloursOf } from '../ui/colours';
import { undoStep } from '../ui/undo';
import { Cells, Choice, OptionValues, choose, mark, rename, setOptions } from './changes';
import type { Flag, ICell } from './grammar';
import { IPlace, IStepOfCells, optionsOfStep, placesOf, stepsOf } from './places';

const KEY = 'nb2prod';
const OTHER_KERNELS: Readonly<Record<string, string>> = {
  ir: 'R',
  irkernel: 'R',
  julia: 'Julia',
  scala: 'Scala',
  bash: 'Bash',
  java: 'Java'
};

/** Of a context this is all that tags need. */
export type INotebookContext = Pick<
  DocumentRegistry.IContext<INotebookModel>,
  'model' | 'contentsModel' | 'fileChanged' | 'ready' | 'isDisposed'
>;

export class TagsModel implements IDisposable {
  constructor(
    private readonly context: INotebookContext,
    private readonly trans: TranslationBundle
  ) {
    context.model.cells.changed.connect(this.onCells, this);
    context.model.metadataChanged.connect(this.forget, this);
    context.model.stateChanged.connect(this.forget, this);
    context.fileChanged.connect(this.forget, this);
    this.follow();
    void context.ready.then(() => this.isDisposed || this.forget()).catch(() => undefined); // closed before it opened
  }

  /** Tags, places or what may be changed are others; said once for all changes made together. */
  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  get cells(): Cells {
    return this.state.cells;
  }

  get places(): readonly IPlace[] {
    return this.state.places;
  }

  /** In the order of the notebook. */
  get steps(): readonly IStepOfCells[] {
    return this.state.steps;
  }

  /** A value of CSS; of a step that is not there yet, the one that it would have beside `others` that are not. */
  colourOf(step: string, others: readonly string[] = []): string {
    const known = this.state.colours;
    return known.get(step) ?? coloursOf([...known.keys(), ...others, step]).get(step)!;
  }

  /** Whether a tag of ours, or of Kale's that we read, is there at all. */
  get isTagged(): boolean {
    return this.state.isTagged;
  }

  /** The place of a cell in the notebook, from 0, or -1. */
  indexOf(id: string): number {
    return this.state.indexes.get(id) ?? -1;
  }

  optionsOf(step: string): ReadonlyMap<string, ReadonlyJSONValue> {
    return optionsOfStep(this.cells, this.places, step);
  }

  /** Why nothing can be changed, for people; '' when it can. */
  get refusal(): string {
    return this.state.refusal;
  }

  choose(targets: readonly number[], choice: Choice): void {
    this.write(choose(this.cells, this.writable(targets), choice));
  }

  mark(targets: readonly number[], flag: Flag, on: boolean): void {
    this.write(mark(this.cells, this.writable(targets), flag, on));
  }

  rename(step: string, name: string): void {
    this.write(rename(this.cells, step, name));
  }

  setOptions(step: string, values: OptionValues): void {
    this.write(setOptions(this.cells, step, values));
  }

  /** Several cells and choices, undone as one: what a person accepts of a proposal. */
  chooseEach(choices: ReadonlyMap<number, Choice>): void {
    let cells = this.cells;
    choices.forEach((choice, index) => (cells = choose(cells, this.writable([index]), choice)));
    this.write(cells);
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.context.model.cells?.changed.disconnect(this.onCells, this);
      this.context.model.metadataChanged.disconnect(this.forget, this);
      this.context.model.stateChanged.disconnect(this.forget, this);
      this.context.fileChanged.disconnect(this.forget, this);
      this.followed.forEach(cell => cell.metadataChanged.disconnect(this.onMetadata, this));
      this.followed.clear();
      Signal.clearData(this);
    }
  }

  private get state(): IState {
    return (this.known ??= stateOf(this.context, this.trans));
  }

  private writable(targets: readonly number[]): ReadonlySet<number> {
    return new Set(targets.filter(index => this.cells[index]?.isCode && !this.cells[index]?.unreadable));
  }

  private write(after: Cells): void {
    const before = this.cells;
    const changed = after.filter((cell, index) => cell !== before[index] && !before[index]!.unreadable);
    if (this.refusal || !changed.length) {
      return;
    }
    const models = new Map(Array.from(this.context.model.cells, cell => [cell.id, cell]));
    // JupyterLab keeps changes of metadata out of undo, unless a transaction of the notebook has them
    undoStep(this.context.model.sharedModel, () =>
      changed.forEach(cell => writeCell(models.get(cell.id)!, before[this.indexOf(cell.id)]!, cell))
    );
  }

  private onCells(): void {
    this.follow();
    this.forget();
  }

  private follow(): void {
    const cells = new Set(this.context.model.cells);
    this.followed.forEach(cell => cells.has(cell) || cell.metadataChanged.disconnect(this.onMetadata, this));
    cells.forEach(cell => this.followed.has(cell) || cell.metadataChanged.connect(this.onMetadata, this));
    this.followed = cells;
  }

  private onMetadata(_: ICellModel, change: { key?: string }): void {
    if (change.key === undefined || change.key === 'tags' || change.key === KEY) {
      this.forget();
    }
  }

  private forget(): void {
    this.known = null;
    if (!this.isTelling) {
      this.isTelling = true;
      queueMicrotask(() => {
        this.isTelling = false;
        if (!this.isDisposed) {
          this.signal.emit();
        }
      });
    }
  }

  private disposed = false;
  private followed: Set<ICellModel> = new Set();
  private isTelling = false;
  private known: IState | null = null;
  private readonly signal = new Signal<this, void>(this);
}

interface IState {
  readonly cells: Cells;
  readonly places: readonly IPlace[];
  readonly steps: readonly IStepOfCells[];
  readonly colours: ReadonlyMap<string, string>;
  readonly indexes: ReadonlyMap<string, number>;
  readonly isTagged: boolean;
  readonly refusal: string;
}

function stateOf(context: INotebookContext, trans: TranslationBundle): IState {
  const cells = Array.from(context.model.cells ?? [], cellOf);
  const places = placesOf(cells);
  const steps = stepsOf(places);
  return {
    cells,
    places,
    steps,
    colours: coloursOf(steps.map(step => step.name)),
    indexes: new Map(cells.map((cell, index) => [cell.id, index])),
    isTagged: places.some(place => place.own || (place.role !== null && place.reading.flags.size > 0)),
    refusal: refusalOf(context, trans)
  };
}

function cellOf(model: ICellModel): ICell {
  const tags: unknown = model.getMetadata('tags') ?? [];
  const own: unknown = model.getMetadata(KEY);
  const isList = Array.isArray(tags) && tags.every(tag => typeof tag === 'string');
  return {
    id: model.id,
    isCode: model.type === 'code',
    tags: isList ? tags : [],
    own: isObject(own) ? own : {},
    ...(isList ? {} : { unreadable: true })
  };
}

function isObject(value: unknown): value is ReadonlyJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusalOf(context: INotebookContext, trans: TranslationBundle): string {
  if (context.model.readOnly || context.contentsModel?.writable === false) {
    return trans.__('This notebook is read-only: its tags cannot be changed.');
  }
  const language = languageOf(context.model);
  return language === 'python'
    ? ''
    : trans.__('This notebook is written in %1, and nb2prod converts Python.', language);
}

/** As nb2prod/notebooks/read.py reads it. */
function languageOf(model: INotebookModel): string {
  const word = (section: string, key: string) => {
    const found: unknown = model.getMetadata(section);
    const value = isObject(found) ? found[key] : undefined;
    return typeof value === 'string' ? value : '';
  };
  const written = word('language_info', 'name') || word('kernelspec', 'language');
  if (written) {
    return written.toLowerCase().includes('python') ? 'python' : written;
  }
  return OTHER_KERNELS[word('kernelspec', 'name').toLowerCase().split('-')[0]!] ?? 'python';
}

function writeCell(model: ICellModel, before: ICell, after: ICell): void {
  writeKey(model, 'tags', before.tags, after.tags, after.tags.length === 0);
  writeKey(model, KEY, before.own, after.own, Object.keys(after.own).length === 0);
}

function writeKey(
  model: ICellModel,
  key: string,
  before: ReadonlyJSONValue,
  after: ReadonlyJSONValue,
  isEmpty: boolean
): void {
  if (JSONExt.deepEqual(before, after)) {
    return;
  }
  if (isEmpty) {
    model.deleteMetadata(key);
  } else {
    model.setMetadata(key, after);
  }
}
