import { describe, expect, it } from 'vitest';

import { Refusal } from '../src/api';
import type { IEvent, IRunDetail, RunStatus } from '../src/rest';
import { RunModel } from '../src/run/model';
import { advance, ended, NOTHING_YET } from '../src/run/progress';
import { beginReplay } from '../src/run/replay';

let number = 0;
function event(kind: string, data: IEvent['data'] = {}, attempt = 1): IEvent {
  return { id: ++number, at: '2026-01-01T00:00:00Z', kind, run_id: 'r1', attempt, schedule_id: null, data };
}

function stepsOf(events: readonly IEvent[]): [string, string, number | null][] {
  const { parts } = advance(NOTHING_YET, events);
  return [...parts.values()].map(part => [part.name, part.state, part.seconds]);
}

describe('the progress of a run', () => {
  it('is that of steps', () => {
    const events = [
      event('run.queued'),
      event('attempt.started'),
      event('step.started', { step: 'load' }),
      event('step.completed', { step: 'load', seconds: 1.5 }),
      event('step.cached', { step: 'train' }),
      event('step.started', { step: 'score' })
    ];
    expect(stepsOf(events)).toEqual([
      ['load', 'completed', 1.5],
      ['train', 'cached', null],
      ['score', 'running', null]
    ]);
  });

  it('is that of cells', () => {
    const events = [
      event('cell.started', { cell: 3 }),
      event('cell.completed', { cell: 3, seconds: 0.1 }),
      event('cell.started', { cell: 4 }),
      event('cell.failed', { cell: 4, seconds: 0.2 })
    ];
    expect(stepsOf(events)).toEqual([
      ['3', 'completed', 0.1],
      ['4', 'failed', 0.2]
    ]);
  });

  it('begins again with a new attempt', () => {
    const first = [event('step.started', { step: 'load' }), event('attempt.failed'), event('run.queued')];
    expect(
      stepsOf([...first, event('attempt.started', {}, 2), event('step.started', { step: 'a' }, 2)])
    ).toEqual([['a', 'running', null]]);
  });

  it('takes no event twice', () => {
    const events = [event('kpi', { name: 'rows', value: 3 })];
    expect(advance(advance(NOTHING_YET, events), events).noted).toEqual(['kpi rows 3']);
  });

  it('knows how often a step was tried', () => {
    const { parts } = advance(NOTHING_YET, [
      event('step.started', { step: 'load' }),
      event('step.retried', { step: 'load', attempt: 2, message: 'no network' })
    ]);
    expect([parts.get('load')?.tries, parts.get('load')?.message]).toEqual([2, 'no network']);
  });

  it('leaves nothing under way when the run was killed', () => {
    const progress = advance(NOTHING_YET, [event('step.started', { step: 'load' })]);
    expect(ended(progress, 'cancelled').parts.get('load')?.state).toBe('cancelled');
  });
});

function detail(status: RunStatus): IRunDetail {
  const run = { id: 'r1', status, cancel_requested: '' };
  return { run, definition: {}, schedule: null, attempts: [], artifacts: [] } as unknown as IRunDetail;
}

/** A store whose run goes through these statuses, one at each look; an Error is thrown instead. */
class Server {
  constructor(
    readonly statuses: (RunStatus | Error)[],
    readonly events: IEvent[] = []
  ) {}
  readonly asked: string[] = [];
  request = async (
    path: string,
    { method = 'GET', query }: { method?: string; query?: { after: number } } = {}
  ) => {
    this.asked.push(`${method} ${path}`);
    if (path.endsWith('/events')) {
      return { items: this.events.filter(each => each.id > query!.after), next: null };
    }
    const status = this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0];
    if (status instanceof Error) {
      throw status;
    }
    return detail(status!);
  };
  text = async () => 'printed';
}

const pace = { pause: async () => undefined, shown: async () => undefined };
const rest = () => new Promise(resolve => setTimeout(resolve, 5));
const follow = (server: Server) => new RunModel(server as never, 'r1', pace);

describe('a run', () => {
  it('is followed to its end', async () => {
    const server = new Server(
      ['queued', 'running', 'completed'],
      [event('step.completed', { step: 'load' })]
    );
    const model = follow(server);
    model.showLog(true);
    await model.over;
    expect([model.isOver, model.progress.parts.size, model.log]).toEqual([true, 1, 'printed']);
  });

  it('has printed all that is shown when it is over, though an earlier look at the log was slow', async () => {
    const server = new Server(['running', 'completed'], [event('cell.started', { cell: 1 })]);
    const looks: (() => void)[] = [];
    server.text = () => {
      const printed = `printed ${looks.length + 1}`;
      return new Promise(resolve => looks.push(() => resolve(printed)));
    };
    const model = follow(server);
    model.showLog(true);
    await rest();
    expect([model.isOver, looks.length]).toEqual([true, 1]);
    looks[0]!();
    await rest();
    looks[1]!();
    await model.over;
    expect([looks.length, model.log]).toEqual([2, 'printed 2']);
  });

  it('is found again when the server was away', async () => {
    const model = follow(new Server(['running', new Error('no network'), new Error('no network'), 'failed']));
    const problems = new Set<string>();
    model.changed.connect(() => problems.add(model.problem));
    await model.over;
    expect([model.run?.status, model.problem, [...problems]]).toEqual(['failed', '', ['', 'no network']]);
  });

  it('is not looked for when there is none', async () => {
    const refusal = new Refusal({ title: '', status: 404, detail: "there is no run 'r1'", errors: [] });
    const server = new Server([refusal]);
    const model = follow(server);
    await model.over;
    expect([model.isMissing, model.problem, server.asked.length]).toEqual([true, "there is no run 'r1'", 1]);
  });

  it('has a notebook on the disk unless it is of a pipeline, whose path is a folder', async () => {
    const fileOf = async (kind: string, path: string) => {
      const server = new Server(['completed']);
      const request = server.request;
      server.request = async (...asked) =>
        ({ ...(await request(...asked)), definition: { kind, path } }) as never;
      const model = follow(server);
      await model.over;
      return model.notebookFile;
    };
    expect(await fileOf('notebook', '/srv/a.ipynb')).toBe('/srv/a.ipynb');
    expect(await fileOf('pipeline', '/srv/out/a')).toBe('');
  });

  it('is cancelled', async () => {
    const server = new Server(['running']);
    const model = follow(server);
    const cancelled = model.cancel();
    expect(model.isCancelling).toBe(true);
    await cancelled;
    expect(server.asked).toContain('POST jobs/runs/r1/cancel');
    model.dispose();
    await model.over;
  });
});

describe('a replay', () => {
  const refusal = (path: string) =>
    new Refusal({ title: '', status: 409, detail: `${path} is there already`, errors: [] });
  const client = (taken: number) => {
    const asked: string[] = [];
    const request = async (_: string, { body }: { body?: { path: string } } = {}) => {
      if (body && asked.push(body.path) <= taken) {
        throw refusal(body.path);
      }
      return { id: 'o1', state: 'completed', events: [], result: { path: body?.path } };
    };
    return { asked, request };
  };

  it('takes the first name that is free', async () => {
    const { asked, request } = client(1);
    const operation = await beginReplay({ request } as never, 'r1', 'train', 'a');
    expect([operation.result, asked]).toEqual([
      { path: 'a/train.replay-2.ipynb' },
      ['a/train.replay.ipynb', 'a/train.replay-2.ipynb']
    ]);
  });

  it('says so when none is free', async () => {
    const begun = beginReplay({ request: client(99).request } as never, 'r1', 'train', '');
    await expect(begun).rejects.toThrow('train.replay-50.ipynb is there already');
  });
});
