// Work that must not hold up the typing.

/** Does `work` when the page has nothing else to do, soon at the latest; the result takes that back. */
export function whenIdle(work: () => void, atLatest = 500): () => void {
  if (typeof window.requestIdleCallback === 'function') {
    const handle = window.requestIdleCallback(work, { timeout: atLatest });
    return () => window.cancelIdleCallback(handle);
  }
  const handle = window.setTimeout(work, 0);
  return () => window.clearTimeout(handle);
}

/** Does `work` and tells the browser's performance tools how long it took. */
export function timed<Made>(name: string, work: () => Made): Made {
  const start = performance.now();
  const made = work();
  performance.clearMeasures?.(name); // what nobody reads must not pile up
  performance.measure?.(name, { start });
  return made;
}
