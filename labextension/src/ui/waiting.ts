// How what follows the server waits: a pause that can be ended, and nothing while nobody looks.

/** What a model waits by; tests have their own. */
export interface Pace {
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;

  /** Until somebody may see the page. */
  shown(signal: AbortSignal): Promise<void>;
}

export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });

    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

export function shown(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (!document.hidden || signal.aborted) {
        document.removeEventListener('visibilitychange', look);
        signal.removeEventListener('abort', look);
        resolve();
      }
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
    look();
  });
}

/** Milliseconds until the server is asked again after that many failures (from 0): longer each time, to 10 seconds. */
export function pauseAfter(failures: number): number {
  return Math.min(500 * 2 ** failures, 10_000);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
