// Looks for tests, of what they need.

import { Signal } from '@lumino/signaling';

import type { ICellLook, IEdge, IFinding, ILook, IStep } from '../src/api';

export function stepOf(name: string, cells: number[], more: Partial<IStep> = {}): IStep {
  return {
    name,
    summary: '',
    cells,
    inputs: [],
    outputs: [],
    state: [],
    functions: [],
    options: {},
    metrics: [],
    inference: false,
    is_wired: true,
    ...more
  };
}

export function flow(source: string, target: string, ...names: string[]): IEdge {
  return { source, target, kind: 'data', names };
}

export function findingOf(cell: number, line: number, more: Partial<IFinding> = {}): IFinding {
  return { cell, line, code: 'NB401', severity: 'warning', message: 'm', hint: '', fix: null, ...more };
}

export function lookOf(more: Partial<ILook> = {}): ILook {
  const last = Math.max(0, ...(more.steps ?? []).flatMap(step => step.cells));
  const cells: ICellLook[] = Array.from({ length: last }, (_, place) => ({
    number: place + 1,
    kind: 'code',
    role: 'step',
    step: null,
    own: false,
    metrics: false,
    inference: false,
    options: {}
  }));
  return {
    refused: null,
    converts: true,
    tagged: true,
    cells,
    steps: [],
    edges: [],
    parameters: [],
    findings: [],
    ...more
  };
}

export function parameterOf(name: string, cell = 1) {
  return {
    name,
    annotation: 'int',
    default: 1,
    default_text: '1',
    comment: '',
    choices: null,
    cell,
    line: 1,
    secret: false
  };
}

/** A notebook in front: what is in its cells, which is active, and what was done to it. */
export class Front {
  constructor(
    look: ILook | null,
    private readonly texts: string[] = []
  ) {
    this.look = {
      look,
      state: 'fresh' as 'fresh' | 'waiting' | 'failed',
      problem: '',
      changed: new Signal<never, void>(this as never),
      cell: (id: string) => this.look.look?.cells[this.ids.indexOf(id)],
      idOf: (number: number) => this.ids[number - 1],
      refresh: () => Promise.resolve(),
      source: { path: 'a.ipynb', content: () => ({}) }
    };
  }

  readonly look;
  path = 'a.ipynb';
  refusal = '';
  activeId: string | null = null;
  isDisposed = false;
  readonly changed = new Signal<this, void>(this);
  readonly revealed: [readonly string[], number | undefined][] = [];
  readonly tagged: [string, string][][] = [];
  ids: string[] = ['a', 'b', 'c', 'd', 'e', 'f'];

  cells = () =>
    this.texts.map((text, place) => ({ id: this.ids[place] ?? '', text, isCode: !text.startsWith('# ') }));
  reveal = (ids: readonly string[], line?: number) => void this.revealed.push([ids, line]);
  focus = () => undefined;
  tag = (tags: ReadonlyMap<string, string>) => void this.tagged.push([...tags]);
  dispose = () => void (this.isDisposed = true);
}
