// Changes of tags, as pure functions from the cells before to the cells after. What is not ours keeps place and order.

import { JSONExt, ReadonlyJSONObject, ReadonlyJSONValue } from '@lumino/coreutils';

import { Flag, ICell, Kind, Meaning, meaningOf } from './grammar';
import { nameOrNull } from './names';
import { OPTION_NAMES, OptionName } from './options';
import { IPlace, disputed, optionsOfCell, optionsOfStep, placesOf, stepsOf } from './places';

export type Cells = readonly ICell[];

/** What cells shall be for: a step (by its identifier), another role, or what comes before decides. */
export type Choice =
  | { readonly is: 'step'; readonly step: string }
  | { readonly is: 'kind'; readonly kind: Kind }
  | { readonly is: 'none' };

export function choose(cells: Cells, targets: ReadonlySet<number>, choice: Choice): Cells {
  const words =
    choice.is === 'step'
      ? (stepsOf(placesOf(cells)).find(({ name }) => name === choice.step)?.words ?? '')
      : '';
  const after = cells.map((cell, index) =>
    targets.has(index) ? { ...cell, tags: chosen(cell.tags, choice, words) } : cell
  );
  return settled(cells, after);
}

function chosen(tags: readonly string[], choice: Choice, words: string): string[] {
  const wanted =
    choice.is === 'step' ? `step:${words || choice.step}` : choice.is === 'kind' ? choice.kind : null;
  const keeps = tags.find(tag => says(meaningOf(tag), choice)) ?? wanted; // Kale's word for the same stays
  let isPlaced = keeps === null;
  const kept = tags.flatMap(tag => {
    const meaning = meaningOf(tag);
    if (meaning?.is === 'kind' || meaning?.is === 'step') {
      const first = !isPlaced;
      isPlaced = true;
      return first ? [keeps!] : [];
    }
    return goesWith(meaning, choice) ? [tag] : [];
  });
  return isPlaced ? kept : [...kept, keeps!];
}

function says(meaning: Meaning | null, choice: Choice): boolean {
  if (meaning?.is === 'kind') {
    return choice.is === 'kind' && choice.kind === meaning.kind;
  }
  return meaning?.is === 'step' && choice.is === 'step' && nameOrNull(meaning.words) === choice.step;
}

/** Marks, and Kale's order of steps, go with a step alone, and no step comes before itself. */
function goesWith(meaning: Meaning | null, choice: Choice): boolean {
  if (meaning?.is === 'flag') {
    return choice.is === 'step';
  }
  return meaning?.is !== 'prev' || (choice.is === 'step' && nameOrNull(meaning.words) !== choice.step);
}

/** Sets or takes away a mark of those of the cells that belong to a step. */
export function mark(cells: Cells, targets: ReadonlySet<number>, flag: Flag, on: boolean): Cells {
  const places = placesOf(cells);
  return cells.map((cell, index) => {
    const place = places[index]!;
    if (!targets.has(index) || place.step === null || place.reading.flags.has(flag) === on) {
      return cell;
    }
    const others = cell.tags.filter(tag => {
      const meaning = meaningOf(tag);
      return !(meaning?.is === 'flag' && meaning.flag === flag);
    });
    return { ...cell, tags: on ? [...cell.tags, flag] : others };
  });
}

/** Gives a step another name in all its cells, and in Kale's tags that speak of it. `name` is an identifier. */
export function rename(cells: Cells, step: string, name: string): Cells {
  const places = placesOf(cells);
  const first = places.findIndex(place => place.step === step);
  const after = cells.map((cell, index) => {
    if (!cell.isCode) {
      return cell;
    }
    const tags = cell.tags.map(tag => {
      const meaning = meaningOf(tag);
      const speaks = meaning?.is === 'step' || meaning?.is === 'prev';
      return speaks && nameOrNull(meaning.words) === step ? `${meaning.prefix}:${name}` : tag;
    });
    // where untagged cells come first the name has not been written anywhere
    return { ...cell, tags: index === first && !places[index]!.own ? [...tags, `step:${name}`] : tags };
  });
  return settled(cells, after);
}

export type OptionValues = Readonly<Partial<Record<OptionName, ReadonlyJSONValue | undefined>>>;

/** Gives a step options; undefined takes one away. Where cells contradict each other the new value stands alone. */
export function setOptions(cells: Cells, step: string, values: OptionValues): Cells {
  const places = placesOf(cells);
  const before = optionsOfStep(cells, places, step);
  const doubtful = disputed(cells, places, step);
  const changed = (Object.keys(values) as OptionName[]).filter(
    name => doubtful.has(name) || !isSame(values[name], before.get(name))
  );
  if (!changed.length) {
    return cells;
  }
  const home = homeOf(cells, places, step);
  return cells.map((cell, index) => {
    if (places[index]!.step !== step) {
      return cell;
    }
    const left = withoutOptions(cell, changed);
    const given = changed.filter(name => index === home && values[name] !== undefined);
    return { ...left, own: { ...left.own, ...Object.fromEntries(given.map(name => [name, values[name]!])) } };
  });
}

function isSame(one: ReadonlyJSONValue | undefined, other: ReadonlyJSONValue | undefined): boolean {
  return one === undefined || other === undefined ? one === other : JSONExt.deepEqual(one, other);
}

/** The first cell of the step that has options, or else its first. */
function homeOf(cells: Cells, places: readonly IPlace[], step: string): number {
  const all = cells.map((_, index) => index).filter(index => places[index]!.step === step);
  return all.find(index => Object.keys(cells[index]!.own).length > 0) ?? all[0] ?? -1;
}

function withoutOptions(cell: ICell, names: readonly string[]): ICell {
  const tags = cell.tags.filter(tag => {
    const meaning = meaningOf(tag);
    return !(meaning?.is === 'policy' && names.includes(meaning.option));
  });
  const own = Object.fromEntries(Object.entries(cell.own).filter(([name]) => !names.includes(name)));
  return { ...cell, tags, own: own as ReadonlyJSONObject };
}

/** Options belong to the step: they stay with it when a cell leaves, go along when the whole step does. */
function settled(before: Cells, after: Cells): Cells {
  const was = placesOf(before);
  const is = placesOf(after);
  const moved = after.map((cell, index) => cell.isCode && was[index]!.step !== is[index]!.step);
  let cells: Cells = after.map((cell, index) => (moved[index] ? { ...cell, own: {} } : cell));
  before.forEach((cell, index) => {
    if (moved[index]) {
      for (const [name, value] of Object.entries(cell.own) as [string, ReadonlyJSONValue][]) {
        cells = handedOver(cells, is, index, was[index]!.step, name, value);
      }
    }
  });
  return withoutDisputes(cells, is, moved);
}

function handedOver(
  cells: Cells,
  places: readonly IPlace[],
  index: number,
  from: string | null,
  name: string,
  value: ReadonlyJSONValue
): Cells {
  const stays = from !== null && places.some(place => place.step === from);
  const step = stays ? from : places[index]!.step;
  if (step === null || optionsOfStep(cells, places, step).has(name)) {
    return cells;
  }
  const home = stays ? homeOf(cells, places, step) : index;
  return cells.map((cell, at) => (at === home ? { ...cell, own: { ...cell.own, [name]: value } } : cell));
}

/** Kale's options of cells that came to a step give way to those that it has. */
function withoutDisputes(cells: Cells, places: readonly IPlace[], moved: readonly boolean[]): Cells {
  const kept = new Map<string, Map<string, ReadonlyJSONValue>>();
  cells.forEach((cell, index) => moved[index] || gather(kept, cell, places[index]!));
  return cells.map((cell, index) => {
    const place = places[index]!;
    if (!moved[index] || place.step === null) {
      return cell;
    }
    const known = kept.get(place.step);
    const options = optionsOfCell(cell, place);
    const wrong = OPTION_NAMES.filter(
      name => known?.has(name) && options.has(name) && !isSame(known.get(name), options.get(name))
    );
    const left = wrong.length ? withoutOptions(cell, wrong) : cell;
    gather(kept, left, place);
    return left;
  });
}

function gather(kept: Map<string, Map<string, ReadonlyJSONValue>>, cell: ICell, place: IPlace): void {
  if (place.step !== null) {
    const known = kept.get(place.step) ?? new Map<string, ReadonlyJSONValue>();
    kept.set(place.step, known);
    optionsOfCell(cell, place).forEach((value, name) => known.has(name) || known.set(name, value));
  }
}
