import type { INotebookContent } from '@jupyterlab/nbformat';
import { Signal } from '@lumino/signaling';
import { describe, expect, it } from 'vitest';

import { LookModel } from '../src/analysis/model';
import type { ILook } from '../src/api';

const NOTEBOOK: INotebookContent = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };

function lookOf(step: string): ILook {
  const cell = { number: 1, kind: 'code' as const, role: 'step' as const, step, own: true };
  return {
    refused: null,
    converts: true,
    tagged: true,
    cells: [{ ...cell, metrics: false, inference: false, options: {} }],
    steps: [],
    edges: [],
    parameters: [],
    findings: []
  };
}

class Source {
  path = 'a.ipynb';
  ids: string[] = ['one'];
  readonly changed = new Signal<this, void>(this);
  cellIds = () => this.ids;
  content = () => NOTEBOOK;
}

/** A server whose answers come when the test says so. */
class SlowServer {
  readonly waiting: ((look: ILook) => void)[] = [];
  look = () => new Promise<ILook>(resolve => this.waiting.push(resolve));
}

const rest = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));

describe('the look at a notebook', () => {
  it('asks once when the typing rests', async () => {
    const source = new Source();
    const server = new SlowServer();
    const model = new LookModel(source, server, 20);
    for (let key = 0; key < 5; key++) {
      source.changed.emit();
    }
    await rest(60);
    expect(server.waiting.length).toBe(1);
    server.waiting[0]!(lookOf('load'));
    await rest(0);
    expect([model.state, model.cell('one')?.step]).toEqual(['fresh', 'load']);
  });

  it('drops the answer to an older question', async () => {
    const source = new Source();
    const server = new SlowServer();
    const model = new LookModel(source, server, 1);
    await rest(20);
    source.changed.emit();
    await rest(20);
    server.waiting[1]!(lookOf('new'));
    server.waiting[0]!(lookOf('old'));
    await rest(0);
    expect(model.look?.cells[0]?.step).toBe('new');
  });

  it('is refreshed only when there is an answer, though a newer question took its place', async () => {
    const source = new Source();
    const server = new SlowServer();
    const model = new LookModel(source, server, 30);
    let isOver = false;
    const refreshed = model.refresh().then(() => (isOver = true));
    await rest(60); // the kernel's start has changed the notebook, and it was asked for again
    expect(server.waiting.length).toBe(2);
    server.waiting[0]!(lookOf('old'));
    await rest(0);
    expect([isOver, model.look]).toEqual([false, null]);
    server.waiting[1]!(lookOf('new'));
    await refreshed;
    expect([model.state, model.look?.cells[0]?.step]).toEqual(['fresh', 'new']);
  });

  it('finds a cell by its id after it has moved', async () => {
    const source = new Source();
    const server = new SlowServer();
    const model = new LookModel(source, server, 1);
    await rest(20);
    server.waiting[0]!(lookOf('load'));
    await rest(0);
    source.ids = ['other', 'one'];
    expect([model.cell('one')?.step, model.cell('other'), model.idOf(1)]).toEqual(['load', undefined, 'one']);
  });

  it('says why there is no answer, and keeps the last one', async () => {
    const source = new Source();
    let fails = false;
    const model = new LookModel(
      source,
      { look: () => (fails ? Promise.reject(new Error('no server')) : Promise.resolve(lookOf('load'))) },
      1
    );
    await rest(20);
    fails = true;
    await model.refresh();
    expect([model.state, model.problem, model.cell('one')?.step]).toEqual(['failed', 'no server', 'load']);
  });
});
