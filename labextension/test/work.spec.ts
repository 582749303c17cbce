import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { IFinding, ILook, IProblem, Refusal } from '../src/api';
import { checkOutput, ChoiceModel, defaultOutput } from '../src/convert/choice';
import { inOrder, newWork, rowsInOrder } from '../src/convert/model';
import { Works } from '../src/convert/works';
import { readBytes, readSeconds } from '../src/run/amounts';
import { IRunnable, nameOf, RunOrder } from '../src/run/order';
import { below, freeNames } from '../src/run/places';
import { ProjectFolders } from '../src/ui/folders';

const trans = nullTranslator.load('nb2prod');
const choice = { output: 'out/a', record: true, trace: false, verify: true };
const rest = () => new Promise(resolve => setTimeout(resolve, 5));

function operation(id: string, verb: string, state: string, result: unknown = null) {
  return { id, verb, path: 'a.ipynb', state, events: [], result, error: null, started_at: '', seconds: 0 };
}

const CONVERTED = { folder: 'out/a', findings: [], conflicts: [], notices: [], recorded: true, files: [] };

/** Operations end when they are asked for; what is sent is kept. */
class Server {
  constructor(readonly ends: Record<string, unknown> = {}) {}
  readonly sent: unknown[] = [];
  request = async (
    path: string,
    { method = 'GET', body }: { method?: string; body?: { verb: string } } = {}
  ) => {
    if (method === 'POST') {
      this.sent.push(body);
      return operation(`${body!.verb}1`, body!.verb, 'running');
    }
    const id = path.split('/')[1]!;
    const end = this.ends[id];
    return end instanceof Error ? Promise.reject(end) : (end ?? new Promise(() => undefined));
  };
}

const ENDS = {
  convert1: operation('convert1', 'convert', 'completed', CONVERTED),
  verify1: operation('verify1', 'verify', 'completed', {
    equal: true,
    rows: [],
    summary: 'equal',
    notices: []
  })
};

describe('a conversion', () => {
  it('is verified afterwards when that was asked for', async () => {
    const server = new Server(ENDS);
    const work = newWork(server as never, 'convert', 'a.ipynb');
    let ends = 0;
    work.ended.connect(() => ends++);
    await work.convert(choice);
    await rest();
    expect(server.sent).toEqual([
      { verb: 'convert', path: 'a.ipynb', output: 'out/a', record: true, trace: false },
      { verb: 'verify', path: 'out/a' }
    ]);
    expect([work.verification?.result?.equal, work.kept.isOver, ends]).toEqual([true, true, 1]);
  });

  it('is not verified when it failed', async () => {
    const server = new Server({ convert1: operation('convert1', 'convert', 'failed') });
    const work = newWork(server as never, 'convert', 'a.ipynb');
    await work.convert(choice);
    await rest();
    expect([server.sent.length, work.isRunning, work.verification]).toEqual([1, false, null]);
  });

  it('is found again after a reload, and goes on to its verification', async () => {
    let kept: unknown;
    const state = {
      fetch: async () => kept as never,
      save: async (_: string, value: unknown) => void (kept = value)
    };
    const before = new Works(new Server() as never, state);
    await before.ready;
    await before.convert('a.ipynb', choice);
    const server = new Server(ENDS);
    const after = new Works(server as never, state);
    await after.ready;
    await rest();
    const work = after.get('convert:a.ipynb');
    expect([work?.conversion?.state, work?.verification?.state, server.sent.length]).toEqual([
      'completed',
      'completed',
      1
    ]);
    expect(after.lastChoice('a.ipynb')).toEqual(choice);
    expect(after.lastChoice('b.ipynb')).toEqual({ record: true, trace: false, verify: true });
  });

  it('was stopped with a server that was restarted', async () => {
    const gone = new Refusal({ title: '', status: 404, detail: 'no such operation', errors: [] });
    const work = newWork(new Server({ convert1: gone }) as never, 'convert', 'a.ipynb');
    await work.convert(choice);
    await rest();
    expect([work.conversion?.state, work.isRunning]).toEqual(['stopped', false]);
  });

  it('shows conflicts first', () => {
    const files = [
      { file: 'a', state: 'unchanged' as const },
      { file: 'c', state: 'changed' as const },
      { file: 'b', state: 'conflict' as const }
    ];
    expect(inOrder(files).map(file => file.file)).toEqual(['b', 'c', 'a']);
  });

  it('shows differing names on top', () => {
    const row = (name: string, status: 'equal' | 'different') => ({
      step: 's',
      name,
      cell: 1,
      status,
      detail: ''
    });
    const rows = [row('a', 'equal'), row('b', 'different'), row('c', 'equal')];
    expect(rowsInOrder(rows, false).map(each => each.name)).toEqual(['b', 'a', 'c']);
    expect(rowsInOrder(rows, true).map(each => each.name)).toEqual(['b']);
  });
});

describe('the choice of a conversion', () => {
  it('has a folder beside the notebook', () => {
    expect([defaultOutput('churn.ipynb'), defaultOutput('a/b.c.ipynb')]).toEqual(['out/churn', 'a/out/b']);
  });

  it.each([
    ['out/churn', ''],
    ['/out/churn/', ''],
    ['', 'Name a folder'],
    ['/', 'Name a folder'],
    ['../x', 'without “..”'],
    ['.hidden/x', 'hidden'],
    ['a//b', 'no path'],
    ['a\\b', 'no path'],
    ['churn.ipynb', 'notebook itself']
  ])('%s: %s', (output, told) => {
    const found = checkOutput(output, 'churn.ipynb', trans);
    expect(told ? found : found === '').toEqual(told ? expect.stringContaining(told) : true);
  });

  it('is kept from starting by what refuses, unless a traced run may settle it', () => {
    const finding = { severity: 'error', cell: 1, line: 1 } as IFinding;
    const look = { refused: null, converts: false, findings: [finding] } as unknown as ILook;
    const subject = { path: 'a.ipynb', isDirty: false, isReadOnly: false, look };
    const model = new ChoiceModel(subject, {}, async () => undefined, trans);
    expect([model.canSubmit, model.refusing.length]).toEqual([false, 1]);
    model.set({ trace: true });
    expect(model.canSubmit).toBe(true);
  });

  it('shows what the server says of the folder beside it', async () => {
    const problem: IProblem = {
      title: '',
      status: 409,
      detail: 'x',
      errors: [{ path: 'output', message: 'in use' }]
    };
    const subject = { path: 'a.ipynb', isDirty: false, isReadOnly: false, look: null };
    const model = new ChoiceModel(subject, {}, () => Promise.reject(new Refusal(problem)), trans);
    expect([await model.submit(), model.outputError, model.problem]).toEqual([false, 'in use', '']);
    model.set({ output: 'elsewhere' });
    expect(model.canSubmit).toBe(true);
  });
});

const RUNNABLE: IRunnable = {
  notebook: { path: 'My book.ipynb', parameters: [], content: () => ({ cells: [] }) as never, refused: '' },
  project: { folder: 'out/churn', parameters: [] }
};

class Jobs {
  constructor(readonly refusal: Refusal | null = null) {}
  readonly sent: { path: string; body: Record<string, unknown>; headers?: Record<string, string> }[] = [];
  request = async (path: string, { body, headers }: { body?: object; headers?: object } = {}) => {
    this.sent.push({ path, body: body as never, headers: headers as never });
    if (path === 'jobs/runs' && this.refusal) {
      throw this.refusal;
    }
    return path === 'definitions' ? { id: 1, name: 'job' } : { id: 'r1' };
  };
}

describe('the order of a run', () => {
  it('defines what is on the screen, then submits it under a key of its own', async () => {
    const jobs = new Jobs();
    const ids: string[] = [];
    const order = new RunOrder(jobs as never, RUNNABLE, 'screen', trans, run => ids.push(run.id));
    order.set({ timeout: '15m', memory: '2GB', retries: '2', html: true });
    expect(await order.submit()).toBe(true);
    expect(jobs.sent[0]!.body).toEqual({
      path: 'My book.ipynb',
      kind: 'notebook',
      name: 'My-book',
      notebook: { cells: [] },
      settings: {
        limits: { run: 900, cell: null, memory: 2e9 },
        retry: { limit: 2, delay: 30 },
        output: '',
        formats: ['ipynb', 'html'],
        pool: 'default'
      }
    });
    expect(jobs.sent[1]!.headers!['Idempotency-Key']).toMatch(/^[\da-f-]{36}$/);
    expect(ids).toEqual(['r1']);
  });

  it('sends the same order again under the same key', async () => {
    const jobs = new Jobs(new Refusal({ title: '', status: 503, detail: 'the store is away', errors: [] }));
    const order = new RunOrder(jobs as never, RUNNABLE, 'saved', trans, () => undefined);
    await order.submit();
    await order.submit();
    order.set({ priority: '5' });
    await order.submit();
    const keys = jobs.sent
      .filter(each => each.path === 'jobs/runs')
      .map(each => each.headers!['Idempotency-Key']);
    expect([keys[0] === keys[1], keys[1] === keys[2], order.problem]).toEqual([
      true,
      false,
      'the store is away'
    ]);
  });

  it('names a pipeline apart from its notebook, unless somebody named it', () => {
    const order = new RunOrder(new Jobs() as never, RUNNABLE, 'screen', trans, () => undefined);
    order.choose('pipeline');
    expect(order.advanced.name).toBe('churn-pipeline');
    order.set({ name: 'mine' });
    order.choose('saved');
    expect(order.advanced.name).toBe('mine');
  });

  it('shows what is wrong beside its field, whoever says it', async () => {
    const errors = [{ path: 'settings.limits.memory', message: 'too much' }];
    const jobs = new Jobs(new Refusal({ title: '', status: 422, detail: 'x', errors }));
    const order = new RunOrder(jobs as never, RUNNABLE, 'saved', trans, () => undefined);
    order.set({ timeout: 'soon' });
    expect([order.canSubmit, order.error('timeout')]).toEqual([false, 'Seconds, or as 15m or 2h.']);
    order.set({ timeout: '' });
    await order.submit();
    expect([order.error('memory'), order.problem, order.canSubmit]).toEqual(['too much', '', false]);
  });
});

describe('amounts', () => {
  it('are read as people write them', () => {
    expect(['', '90', '1.5h', '0', 'soon', '5 min'].map(readSeconds)).toEqual([
      null,
      90,
      5400,
      undefined,
      undefined,
      300
    ]);
    expect(['512MB', '2 GiB', '1k', '-1'].map(readBytes)).toEqual([512e6, 2 ** 31, 1024, undefined]);
  });
});

describe('paths', () => {
  it('are those of JupyterLab', () => {
    expect(below('/home/ada/books/a.ipynb', '~/books')).toBe('a.ipynb');
    expect(below('/srv/lab/a/b.ipynb', '/srv/lab/')).toBe('a/b.ipynb');
    expect(below('/srv/other/b.ipynb', '/srv/lab')).toBe(null);
    expect(freeNames('a', 's.replay').slice(0, 2)).toEqual(['a/s.replay.ipynb', 'a/s.replay-2.ipynb']);
    expect(['Däily report.ipynb', 'out/churn', '…'].map(nameOf)).toEqual(['Daily-report', 'churn', 'job']);
  });
});

describe('the folders of projects', () => {
  it('are looked into once while somebody points at them', async () => {
    const asked: string[] = [];
    const get = async (path: string) => {
      asked.push(path);
      await rest();
      return { type: 'directory', content: [{ path: `${path}/nb2prod.lock.json` }] } as never;
    };
    let now = 0;
    const folders = new ProjectFolders({ get }, () => now);
    expect(folders.mayBe('out/a')).toBe(true);
    expect(await Promise.all([folders.look('out/a'), folders.look('out/a')])).toEqual([true, true]);
    expect([await folders.look('out/a'), folders.mayBe('out/a'), asked]).toEqual([true, true, ['out/a']]);
    now = 10_000;
    await folders.look('out/a');
    expect(asked).toEqual(['out/a', 'out/a']);
  });
});
