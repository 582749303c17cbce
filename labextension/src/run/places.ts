// Paths of JupyterLab, and the states of steps as the graph draws them.

import { PathExt } from '@jupyterlab/coreutils';

import type { IStepState } from '../tokens';
import type { IRunProgress } from './progress';

/** The contents path of a path of the server's disk; null when it is not below `root`, which may begin with ~. */
export function below(path: string, root: string): string | null {
  const clean = root.replace(/\/+$/, '');
  if (clean === '~' || clean.startsWith('~/')) {
    const part = `${clean.slice(1)}/`;
    const found = /^\/(?:home\/[^/]+|Users\/[^/]+|root)/.exec(path)?.[0];
    const rest = found ? path.slice(found.length) : '';
    return rest.startsWith(part) ? rest.slice(part.length) : null;
  }
  return clean && path.startsWith(`${clean}/`) ? path.slice(clean.length + 1) : null;
}

/** NAME.ipynb, NAME-2.ipynb, … */
export function freeNames(folder: string, stem: string): readonly string[] {
  return Array.from({ length: 50 }, (_, place) =>
    PathExt.join(folder, place ? `${stem}-${place + 1}.ipynb` : `${stem}.ipynb`)
  );
}

export function stepStates(progress: IRunProgress): ReadonlyMap<string, IStepState> {
  return new Map(
    [...progress.parts.values()].map(part => [part.name, { state: part.state, seconds: part.seconds }])
  );
}
