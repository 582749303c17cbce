// Which rows of a long table can be seen.

const SPARE = 10; // rows above and below, so that scrolling shows no gap

/** From `first` up to and without `last`. */
export function rowsInView(
  top: number,
  height: number,
  row: number,
  count: number
): { readonly first: number; readonly last: number } {
  const first = Math.max(0, Math.min(count, Math.floor(top / row) - SPARE));
  return { first, last: Math.min(count, Math.ceil((top + height) / row) + SPARE) };
}
