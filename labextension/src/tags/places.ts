// What each cell of a notebook is for, decided from the tags of all of them, as nb2prod/notebooks/roles.py does.

import { JSONExt, ReadonlyJSONValue } from '@lumino/coreutils';

import { ICell, IReading, Kind, read } from './grammar';
import { FIRST_STEP } from './names';

/** Of one cell: `own` says that its own tag decides. Cells that are no code are nowhere. */
export interface IPlace {
  readonly reading: IReading;
  readonly role: Kind | 'step' | null;
  readonly step: string | null;
  readonly own: boolean;
}

export interface IStepOfCells {
  readonly name: string;
  /** What stands after `step:` in its tags. */
  readonly words: string;
  /** Places of its cells, from 0. */
  readonly cells: readonly number[];
}

export function placesOf(cells: readonly ICell[]): IPlace[] {
  let current = FIRST_STEP;
  return cells.map(cell => {
    const reading = read(cell.tags);
    if (!cell.isCode) {
      return { reading, role: null, step: null, own: false };
    }
    // as in the server, a step's name counts for what follows even where tags contradict each other
    current = reading.words === null ? current : (reading.step ?? current);
    const role = reading.kind ?? 'step';
    return { reading, role, step: role === 'step' ? current : null, own: reading.kind !== null };
  });
}

/** In the order of the notebook. */
export function stepsOf(places: readonly IPlace[]): IStepOfCells[] {
  const found = new Map<string, { words: string; cells: number[] }>();
  places.forEach((place, index) => {
    if (place.step === null) {
      return;
    }
    const known = found.get(place.step);
    const words = place.reading.step === place.step ? place.reading.words : null;
    if (known) {
      known.cells.push(index);
      known.words ||= words ?? '';
    } else {
      found.set(place.step, { words: words ?? '', cells: [index] });
    }
  });
  return Array.from(found, ([name, { words, cells }]) => ({ name, words: words || name, cells }));
}

/** A cell's options, those of Kale's tags first, which our own key outdoes. */
export function optionsOfCell(cell: ICell, place: IPlace): Map<string, ReadonlyJSONValue> {
  return new Map<string, ReadonlyJSONValue>([
    ...place.reading.policy,
    ...(Object.entries(cell.own) as [string, ReadonlyJSONValue][])
  ]);
}

/** A step's options, gathered from its cells; of values that contradict each other the first. */
export function optionsOfStep(
  cells: readonly ICell[],
  places: readonly IPlace[],
  step: string
): Map<string, ReadonlyJSONValue> {
  const found = new Map<string, ReadonlyJSONValue>();
  cells.forEach((cell, index) => {
    if (places[index]!.step === step) {
      optionsOfCell(cell, places[index]!).forEach((value, name) => found.has(name) || found.set(name, value));
    }
  });
  return found;
}

/** Options to which cells of the step give different values; the server refuses such a notebook. */
export function disputed(cells: readonly ICell[], places: readonly IPlace[], step: string): Set<string> {
  const first = optionsOfStep(cells, places, step);
  const found = new Set<string>();
  cells.forEach((cell, index) => {
    if (places[index]!.step === step) {
      optionsOfCell(cell, places[index]!).forEach(
        (value, name) => JSONExt.deepEqual(value, first.get(name)!) || found.add(name)
      );
    }
  });
  return found;
}
