import { describe, expect, it } from 'vitest';

import { Refusal } from '../src/api';
import type { IRunFilter, IRunRow } from '../src/jobs';
import type { IPage, RunStatus } from '../src/rest';
import { PAGE, RunsModel } from '../src/runs/model';
import { merge, NOTHING, stale } from '../src/runs/pages';
import { rowsInView } from '../src/runs/window';

const rest = (milliseconds = 0) => new Promise(resolve => setTimeout(resolve, milliseconds));
const idOf = (number: number) => `r${String(number).padStart(6, '0')}`;

function rowOf(number: number, status: RunStatus = 'completed'): IRunRow {
  return { id: idOf(number), status, cancel_requested: '', definition: 'churn', schedule: 's' } as IRunRow;
}

/** A store of runs that answers as the REST does. */
class Store {
  rows: IRunRow[] = [];
  readonly asked: { before: string; limit: number }[] = [];
  readonly acted: string[] = [];
  refuses = '';
  down = false;

  constructor(count: number) {
    this.add(count);
  }

  add(count: number, status: RunStatus = 'completed'): void {
    for (let each = 0; each < count; each++) {
      this.rows.push(rowOf(this.rows.length + 1, status));
    }
  }

  runs = async (filter: IRunFilter, before: string, limit: number): Promise<IPage<IRunRow>> => {
    this.asked.push({ before, limit });
    if (this.down) {
      throw new Refusal({ title: '', status: 503, detail: 'the store is locked', errors: [] });
    }
    const found = this.rows
      .filter(
        row => (!before || row.id < before) && (!filter.status.length || filter.status.includes(row.status))
      )
      .reverse();
    const items = found.slice(0, limit);
    return { items, next: found.length > limit ? items[items.length - 1]!.id : null };
  };
  cancel = async (id: string) => this.act(id);
  retry = async (id: string) => this.act(id);
  schedules = async () => ({ items: [], next: null, total: 0 });
  definitions = async () => ({ items: [], next: null });

  private act(id: string): never | IRunRow {
    if (id === this.refuses) {
      throw new Refusal({ title: '', status: 409, detail: `${id} is another`, errors: [] });
    }
    this.acted.push(id);
    return rowOf(0);
  }
}

const numbers = (model: RunsModel) => model.runs.map(run => Number(run.id.slice(1)));
const whole = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, place) => from - place);

describe('pages of runs', () => {
  const item = (number: number) => ({ id: idOf(number) });
  const page = (from: number, to: number, more = true) => ({
    items: whole(from, to).map(item),
    next: more ? idOf(to) : null
  });

  it('a first page is all that is known', () => {
    expect(merge(NOTHING, '', page(9, 7))).toEqual(page(9, 7));
  });

  it('an older page follows', () => {
    expect(merge(page(9, 7), idOf(7), page(6, 4))).toEqual(page(9, 4));
    expect(merge(page(9, 7), idOf(7), page(6, 1, false))).toEqual(page(9, 1, false));
  });

  it('newer runs come on top, and older ones that were loaded stay', () => {
    expect(merge(page(9, 4), '', page(11, 9))).toEqual(page(11, 4));
  });

  it('what has left the filter is gone from where the page tells', () => {
    const answer = { items: [item(9), item(6)], next: idOf(6) };
    expect(merge(page(9, 4), '', answer).items.map(each => each.id)).toEqual([9, 6, 5, 4].map(idOf));
  });

  it('a first page that does not meet what is known leaves no gap', () => {
    expect(merge(page(9, 4), '', page(99, 97))).toEqual(page(99, 97));
  });

  it('older pages are looked at again where something may change, and no more than that', () => {
    const known = {
      items: whole(30, 1).map(number => ({ id: idOf(number), moves: number === 3 || number === 15 })),
      next: null
    };
    expect(stale(known, 10, 5, each => each.moves)).toEqual([idOf(16), idOf(4)]);
    expect(stale(known, 10, 1, each => each.moves)).toEqual([idOf(16)]);
  });
});

describe('the runs that are shown', () => {
  it('come a page at a time, newest first', async () => {
    const store = new Store(130);
    const model = new RunsModel(store);
    await model.refresh();
    expect([numbers(model), model.hasOlder]).toEqual([whole(130, 81), true]);
    await model.loadOlder();
    await model.loadOlder();
    expect([numbers(model), model.hasOlder]).toEqual([whole(130, 1), false]);
    await model.loadOlder();
    expect(store.asked.map(each => each.limit)).toEqual([PAGE, PAGE, PAGE]);
    model.dispose();
  });

  it('are refreshed without losing the older ones, which are asked for only while they move', async () => {
    const store = new Store(120);
    store.rows[20] = rowOf(21, 'running');
    const model = new RunsModel(store);
    await model.refresh();
    await model.loadOlder();
    await model.loadOlder();
    store.add(2);
    store.rows[20] = rowOf(21, 'failed');
    store.asked.length = 0;
    await model.refresh();
    expect(numbers(model)).toEqual(whole(122, 1));
    expect([model.runs.find(run => run.id === idOf(21))!.status, store.asked.length]).toEqual(['failed', 2]);
    store.asked.length = 0;
    await model.refresh();
    expect(store.asked.length).toBe(1);
    model.dispose();
  });

  it('are others with another filter, and an answer to the old one is dropped', async () => {
    const store = new Store(60);
    store.rows[3] = rowOf(4, 'failed');
    const model = new RunsModel(store);
    const first = model.refresh();
    const second = model.setFilter({ status: ['failed'] });
    await Promise.all([first, second]);
    expect([numbers(model), model.state, model.hasOlder]).toEqual([[4], 'ready', false]);
    model.dispose();
  });

  it('say why they are not there, and come back by themselves', async () => {
    const store = new Store(3);
    store.down = true;
    const model = new RunsModel(store, {}, 10);
    model.isShown = true;
    await rest(5);
    expect([model.trouble, model.state]).toEqual(['the store is locked', 'waiting']);
    store.down = false;
    await rest(200);
    expect([model.trouble, numbers(model)]).toEqual(['', [3, 2, 1]]);
    model.isShown = false;
    await rest(30);
    const asked = store.asked.length;
    await rest(60);
    expect(store.asked.length).toBe(asked);
    model.dispose();
  });

  it('several are cancelled or retried at once; what is refused does not keep the rest', async () => {
    const store = new Store(2);
    store.add(2, 'running');
    store.refuses = idOf(3);
    const model = new RunsModel(store);
    await model.refresh();
    model.select(
      model.runs.map(run => run.id),
      true
    );
    const able = model.able(model.selection);
    expect([able.cancel, able.retry]).toEqual([
      [idOf(4), idOf(3)],
      [idOf(2), idOf(1)]
    ]);
    await model.cancel(able.cancel);
    expect([store.acted, model.refusals, model.selection.size]).toEqual([
      [idOf(4)],
      [`${idOf(3)} is another`],
      0
    ]);
    model.dispose();
  });
});

describe('the rows that are drawn', () => {
  it('are those in view and a few more, of however many', () => {
    expect(rowsInView(0, 320, 32, 100_000)).toEqual({ first: 0, last: 20 });
    expect(rowsInView(32_000, 320, 32, 100_000)).toEqual({ first: 990, last: 1020 });
    expect(rowsInView(5000, 320, 32, 3)).toEqual({ first: 3, last: 3 });
  });
});
