// What several components need of React.

import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer } from 'react';

/** Draws again when the model says that it changed. */
export function useModel(model: { readonly changed: ISignal<unknown, void> }): void {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    model.changed.connect(draw);
    draw(); // it may have changed between drawing and now
    return () => void model.changed.disconnect(draw);
  }, [model]);
}
