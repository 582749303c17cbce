// What the menu of tags offers for some cells, as the person types.

import type { TranslationBundle } from '@jupyterlab/translation';

import { kindMeaning, kindWord } from './badge';
import type { Choice } from './changes';
import { Flag, KINDS } from './grammar';
import type { TagsModel } from './model';
import { identifierOf, sentenceOf } from './names';

export type Checked = 'true' | 'false' | 'mixed';

export interface IEntry {
  readonly key: string;
  readonly group: 'step' | 'role';
  readonly label: string;
  /** A word more about it, such as what becomes of the name. */
  readonly note: string;
  readonly checked: Checked;
  readonly choice: Choice;
}

export interface IOffer {
  readonly entries: readonly IEntry[];
  /** Why what was typed can be no name of a step. */
  readonly problem: string;
}

export function offerOf(
  tags: TagsModel,
  targets: readonly number[],
  typed: string,
  trans: TranslationBundle
): IOffer {
  const query = typed.trim().toLowerCase();
  const places = targets.map(index => tags.places[index]!);
  const checked = (test: (place: (typeof places)[number]) => boolean) => checkedOf(places.map(test));
  const steps: IEntry[] = tags.steps.map(({ name, cells }) => ({
    key: `step:${name}`,
    group: 'step',
    label: name,
    note: trans._n('%1 cell', '%1 cells', cells.length),
    checked: checked(place => place.own && place.step === name),
    choice: { is: 'step', step: name }
  }));
  const roles: IEntry[] = KINDS.map(kind => ({
    key: kind,
    group: 'role',
    label: kindWord(kind, trans),
    note: kindMeaning(kind, trans),
    checked: checked(place => place.own && place.role === kind),
    choice: { is: 'kind', kind }
  }));
  const none: IEntry = {
    key: 'none',
    group: 'role',
    label: trans.__('no tag'),
    note: trans.__('It goes to the step before it.'),
    checked: checked(place => !place.own),
    choice: { is: 'none' }
  };
  const known = [...steps, ...roles, none].filter(entry => entry.label.toLowerCase().includes(query));
  const { fresh, problem } = freshOf(tags, typed, trans);
  const exact = known.filter(entry => entry.choice.is === 'kind' && entry.label.toLowerCase() === query);
  const others = known.filter(entry => !exact.includes(entry));
  const ofGroup = (group: IEntry['group']) => others.filter(entry => entry.group === group);
  return { entries: [...exact, ...ofGroup('step'), ...fresh, ...ofGroup('role')], problem };
}

/** A step that the notebook does not have yet. */
function freshOf(
  tags: TagsModel,
  typed: string,
  trans: TranslationBundle
): { fresh: IEntry[]; problem: string } {
  const words = typed.trim();
  if (!words) {
    return { fresh: [], problem: '' };
  }
  const name = identifierOf(words);
  if (typeof name !== 'string') {
    return { fresh: [], problem: sentenceOf(name, trans) };
  }
  const known = tags.steps.some(step => step.name === name);
  const entry: IEntry = {
    key: 'new',
    group: 'step',
    label: known ? name : trans.__('New step %1', name),
    note: name === words ? '' : trans.__('“%1” becomes %2', words, name),
    checked: 'false',
    choice: { is: 'step', step: name }
  };
  const isShown = known && name.includes(words.toLowerCase()); // among the steps that are there
  return { fresh: isShown ? [] : [entry], problem: '' };
}

function checkedOf(found: readonly boolean[]): Checked {
  return found.every(Boolean) ? 'true' : found.some(Boolean) ? 'mixed' : 'false';
}

/** Whether a mark is on the cells; null where none of them belongs to a step. */
export function markOf(tags: TagsModel, targets: readonly number[], flag: Flag): Checked | null {
  const places = targets.map(index => tags.places[index]!).filter(place => place.step !== null);
  return places.length ? checkedOf(places.map(place => place.reading.flags.has(flag))) : null;
}

/** The one step to which all cells belong, or null. */
export function commonStep(tags: TagsModel, targets: readonly number[]): string | null {
  const steps = new Set(targets.map(index => tags.places[index]!.step));
  return steps.size === 1 ? [...steps][0]! : null;
}

/** Why a step cannot get this name, for people; '' when it can. */
export function renamingProblem(
  tags: TagsModel,
  step: string,
  typed: string,
  trans: TranslationBundle
): string {
  const name = identifierOf(typed.trim());
  if (typeof name !== 'string') {
    return sentenceOf(name, trans);
  }
  return name !== step && tags.steps.some(other => other.name === name)
    ? trans.__('There is a step %1 already. To join the two, tag the cells of one with the other.', name)
    : '';
}
