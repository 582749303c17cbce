// Tags that are suggested for cells, while a person looks them over.

import type { ISuggestion } from '../api';

/** A suggestion for the cell with this id; `place` counts the cells from 1 and `line` is the first that says something. */
export interface IProposed {
  readonly id: string;
  readonly place: number;
  readonly line: string;
  readonly tag: string;
  readonly reason: string;
}

/** The cells next to each other that get the same tag. */
export interface IGroup {
  readonly tag: string;
  readonly step: string | null;
  readonly items: readonly IProposed[];
}

export type Proposal = readonly IProposed[];

const PREFIX = 'step:';

export function proposalOf(
  suggestions: readonly ISuggestion[],
  cells: readonly { readonly id: string; readonly text: string }[]
): Proposal {
  return suggestions.flatMap(({ cell, tag, reason }) => {
    const found = cells[cell - 1];
    return found ? [{ id: found.id, place: cell, line: firstLine(found.text), tag, reason }] : [];
  });
}

/** The first line that is not empty. */
export function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find(line => line.trim())
      ?.trim() ?? ''
  );
}

export function stepOf(tag: string): string | null {
  return tag.startsWith(PREFIX) ? tag.slice(PREFIX.length) : null;
}

export function groupsOf(proposal: Proposal): readonly IGroup[] {
  const groups: { tag: string; step: string | null; items: IProposed[] }[] = [];
  for (const item of proposal) {
    const last = groups[groups.length - 1];
    if (last?.tag === item.tag) {
      last.items.push(item);
    } else {
      groups.push({ tag: item.tag, step: stepOf(item.tag), items: [item] });
    }
  }
  return groups;
}

/** The step has another name, in all its cells. */
export function renamed(proposal: Proposal, step: string, name: string): Proposal {
  return proposal.map(item => (item.tag === PREFIX + step ? { ...item, tag: PREFIX + name } : item));
}

export function without(proposal: Proposal, ids: Iterable<string>): Proposal {
  const gone = new Set(ids);
  return proposal.filter(item => !gone.has(item.id));
}

/** Without the cells that are no longer there, or were tagged by hand meanwhile; numbered as they stand now. */
export function current(
  proposal: Proposal,
  cells: readonly { readonly id: string; readonly text: string }[],
  isTagged: (id: string) => boolean
): Proposal {
  const places = new Map(cells.map((cell, place) => [cell.id, place]));
  const kept = proposal.flatMap(item => {
    const place = places.get(item.id);
    return place === undefined || isTagged(item.id)
      ? []
      : [{ ...item, place: place + 1, line: firstLine(cells[place]?.text ?? '') }];
  });
  return kept.length === proposal.length && kept.every((item, at) => isSame(item, proposal[at]!))
    ? proposal
    : kept;
}

function isSame(one: IProposed, other: IProposed): boolean {
  return one.id === other.id && one.place === other.place && one.line === other.line && one.tag === other.tag;
}
