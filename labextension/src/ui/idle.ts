// Work that must not hold up the typing.

/**
 * Does `work` when the page has nothing else to do, soon at the latest; the result takes that back. A page that draws
 * no frames calls nothing idle, so a timer stands by.
 */
export function whenIdle(work: () => void, atLatest = 300): () => void {
  let idle = 0;
  const cancel = () => {
    window.cancelIdleCallback?.(idle);
    window.clearTimeout(timer);
  };
  const once = () => {
    cancel();
    work();
  };
  const timer = window.setTimeout(once, atLatest);
  idle = window.requestIdleCallback?.(once, { timeout: atLatest }) ?? 0;
  return cancel;
}

/** Does `work` and tells the browser's performance tools how long it took. */
export function timed<Made>(name: string, work: () => Made): Made {
  const start = performance.now();
  const made = work();
  performance.clearMeasures?.(name); // what nobody reads must not pile up
  performance.measure?.(name, { start });
  return made;
}
