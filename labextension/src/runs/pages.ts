// The runs that are known: newest first, without a gap, up to `next`.

import type { IPage } from '../rest';

export interface IKnown<Item> {
  readonly items: readonly Item[];
  /** What to ask for the page after the last item; null when that is the oldest of all. */
  readonly next: string | null;
}

export const NOTHING: IKnown<never> = { items: [], next: null };

/** A page is all that there is between `before` ('' for the newest) and its last item, and takes the place of what
 * was known there. A first page so new that it does not meet what was known takes the place of everything. */
export function merge<Item extends { readonly id: string }>(
  known: IKnown<Item>,
  before: string,
  page: IPage<Item>
): IKnown<Item> {
  const newer = before ? known.items.filter(item => item.id >= before) : [];
  if (page.next === null) {
    return { items: [...newer, ...page.items], next: null };
  }
  const last = page.next;
  const older = known.items.filter(item => item.id < last);
  const meets = known.items.some(item => item.id >= last && (!before || item.id < before));
  if (older.length === 0 || !meets) {
    return { items: [...newer, ...page.items], next: last };
  }
  return { items: [...newer, ...page.items, ...older], next: known.next };
}

/** Where to look again for what may have changed among older pages: `before` of at most `limit` pages. */
export function stale<Item extends { readonly id: string }>(
  known: IKnown<Item>,
  size: number,
  limit: number,
  changes: (item: Item) => boolean
): readonly string[] {
  const found: string[] = [];
  for (let place = size; place < known.items.length && found.length < limit; place++) {
    if (changes(known.items[place]!)) {
      found.push(known.items[place - 1]!.id);
      place += size - 1; // that page has them all
    }
  }
  return found;
}
