// The state of each step of the run that a graph shows.

import { ISignal, Signal } from '@lumino/signaling';

import type { IStepState, IStepStates } from '../tokens';

const NONE: ReadonlyMap<string, IStepState> = new Map();

export class StepStates implements IStepStates {
  of(path: string): ReadonlyMap<string, IStepState> {
    return this.known.get(path) ?? NONE;
  }

  set(path: string, states: ReadonlyMap<string, IStepState>): void {
    this.known.set(path, states);
    this.signal.emit(path);
  }

  clear(path: string): void {
    if (this.known.delete(path)) {
      this.signal.emit(path);
    }
  }

  get changed(): ISignal<this, string> {
    return this.signal;
  }

  private readonly known = new Map<string, ReadonlyMap<string, IStepState>>();
  private readonly signal = new Signal<this, string>(this);
}
