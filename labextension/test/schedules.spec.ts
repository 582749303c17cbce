import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { Refusal } from '../src/api';
import type { IScheduleOrder, ISchedule, Jobs, Trigger } from '../src/jobs';
import type { IDefinition } from '../src/rest';
import { draftOf, emptyDraft, type IDraft, keptDraft, Reading } from '../src/schedules/draft';
import { EditorModel } from '../src/schedules/editor';
import { entryFor, filledForm, parameterOf } from '../src/schedules/parameters';
import { contentsPath } from '../src/schedules/places';
import { CronPreview } from '../src/schedules/preview';
import type { Sources } from '../src/schedules/sources';

const trans = nullTranslator.load('nb2prod');
const WORDS = { number: 'no number', missing: 'missing', time: (zone: string) => `no time in ${zone}` };
const rest = (milliseconds = 0) => new Promise(resolve => setTimeout(resolve, milliseconds));

const DEFINITION: IDefinition = {
  id: 3,
  name: 'churn',
  version: 2,
  kind: 'notebook',
  path: '/home/ann/books/a/churn.ipynb',
  entry: 'churn.ipynb',
  digest: '',
  parameters: [
    { name: 'region', annotation: 'str', default: "'EU'", comment: 'where' },
    { name: 'limit', annotation: 'int', default: '3', comment: '' }
  ],
  settings: {
    environment: '',
    workdir: '/home/ann/books/a',
    output: '',
    formats: ['ipynb'],
    limits: { run: 3600, cell: null, start: 60, memory: 512 * 2 ** 20, cpu_seconds: null, cpus: null },
    retry: { limit: 2, delay: 30, factor: 2, maximum: 3600, jitter: 0.1, on: ['cell_error'], lost: 3 },
    notify: ['ops'],
    pool: 'default'
  },
  created_at: '2026-01-01T00:00:00Z'
};

function scheduleOf(trigger: Trigger, more: Partial<ISchedule> = {}): ISchedule {
  return {
    id: 1,
    name: 'daily',
    definition_id: 3,
    trigger,
    reading: '',
    parameters: {},
    misfire: 'all',
    overlap: 'queue',
    grace: 5,
    priority: 7,
    jitter: 1.5,
    start_at: null,
    end_at: null,
    paused: true,
    disabled: '',
    next_due: null,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    ...more
  };
}

/** What was read of a draft: the order, and what was wrong. */
function read(change: Partial<IDraft>): { order: IScheduleOrder; faults: object } {
  const reading = new Reading({ ...emptyDraft('Europe/Berlin'), ...change }, WORDS);
  const order = reading.schedule('churn');
  return { order, faults: Object.fromEntries(reading.faults) };
}

const TRIGGERS: readonly Trigger[] = [
  { kind: 'cron', expression: '0 6 * * 1-5', timezone: 'Asia/Tokyo' },
  { kind: 'every', seconds: 5400, anchor: '2026-01-01T05:00:07.250Z' },
  { kind: 'every', seconds: 0.5, anchor: '2026-01-01T05:00:00.000Z' },
  { kind: 'every', seconds: 172_800, anchor: '2026-01-01T05:00:00.000Z' },
  { kind: 'once', at: '2030-03-31T01:30:12.000Z' },
  { kind: 'after', schedule: 'nightly', on: 'ended' },
  { kind: 'when', url: 'data/*.csv', settle: 2.5, parameter: 'file' }
];

describe('a schedule as it is typed', () => {
  it.each(TRIGGERS)('comes back as it was: %o', trigger => {
    const schedule = scheduleOf(trigger, { end_at: '2031-01-01T00:00:03Z' });
    const draft = draftOf(schedule, DEFINITION, 'a/churn.ipynb', 'Europe/Berlin');
    const reading = new Reading(draft, WORDS, schedule);
    const order = reading.schedule('churn');
    expect([order.trigger, order.end_at, order.misfire, order.overlap]).toEqual([
      trigger,
      '2031-01-01T00:00:03Z',
      'all',
      'queue'
    ]);
    expect([order.grace, order.priority, order.jitter, order.paused]).toEqual([5, 7, 1.5, true]);
    expect([...reading.faults]).toEqual([]);
  });

  it('says times in the chosen zone', () => {
    const { order, faults } = read({ kind: 'once', at: '2030-07-01T06:00', startAt: '2030-01-01T06:00' });
    expect([order.trigger, order.start_at, faults]).toEqual([
      { kind: 'once', at: '2030-07-01T04:00:00.000Z' },
      '2030-01-01T05:00:00.000Z',
      {}
    ]);
  });

  it('finds what cannot be sent, at its field', () => {
    expect(read({ kind: 'every', every: 'often' }).faults).toEqual({ 'trigger.seconds': 'no number' });
    expect(read({ kind: 'once' }).faults).toEqual({ 'trigger.at': 'missing' });
    expect(read({ kind: 'once', at: '2030-03-31T02:30' }).faults).toEqual({
      'trigger.at': 'no time in Europe/Berlin'
    });
    expect(read({ grace: 'x', priority: '1' }).faults).toEqual({ grace: 'no number' });
  });

  it('leaves empty what has a usual value', () => {
    const { order, faults } = read({ grace: '', jitter: ' ', priority: '' });
    expect([order.grace, order.jitter, order.priority, faults]).toEqual([60, 0, 0, {}]);
  });

  it('is there again after a reload, but for what is no draft', () => {
    const draft = { ...emptyDraft('UTC'), name: 'mine', limits: { ...emptyDraft('UTC').limits, run: '9' } };
    expect(keptDraft(JSON.parse(JSON.stringify(draft)), 'Asia/Tokyo')).toEqual(draft);
    expect(keptDraft({ name: 3, limits: 'none', kind: 'once' }, 'UTC')).toEqual({
      ...emptyDraft('UTC'),
      kind: 'once'
    });
  });

  it('has limits and retries, and keeps what the form does not show', () => {
    const draft = draftOf(scheduleOf(TRIGGERS[0]!), DEFINITION, '', 'UTC');
    expect([draft.limits, draft.retry.limit]).toEqual([
      { run: '3600', cell: '', memory: '512', cpus: '' },
      '2'
    ]);
    const { limits, retry } = DEFINITION.settings;
    const settings = new Reading(draft, WORDS).settings({ notify: ['ops'], limits, retry });
    expect(settings).toEqual({ notify: ['ops'], limits, retry });
  });
});

describe('the parameters of a schedule', () => {
  it('stand in the form as they were given', () => {
    const { form, left } = filledForm(
      DEFINITION.parameters.map(parameterOf),
      { region: { secret: 'env:REGION' }, limit: 5, gone: 1 },
      trans
    );
    expect([form.entry('region'), form.entry('limit').text, left]).toEqual([
      { mode: 'secret', text: 'env:REGION' },
      '5',
      { gone: 1 }
    ]);
    expect(form.values()).toEqual({ region: { secret: 'env:REGION' }, limit: 5 });
  });

  it.each([
    ['bool', 'False', true],
    ['int', '1', 5],
    ['float', '1.0', 2.5],
    ['str', "''", '5'],
    ['list[int]', '[]', [1, 2]],
    ['dict[str, int]', '{}', { a: 1 }],
    ['', 'None', { deep: [1, null, 'x'] }],
    ['Any', 'None', '7'],
    ["Literal['a', 'b']", "'a'", 'b'],
    ['int | None', '1', null]
  ])('of type %s, default %s: %o is what is sent again', (annotation, text, value) => {
    const declared = parameterOf({ name: 'p', annotation, default: text, comment: '' });
    const { form, left } = filledForm([declared], { p: value }, trans);
    const sent = form.values()['p'] ?? null;
    expect(left).toEqual({});
    expect(typeof sent === 'string' && typeof value === 'object' ? JSON.parse(sent) : sent).toEqual(value);
  });

  it('are kept where no field gives them', () => {
    const field = filledForm(
      [parameterOf({ name: 'p', annotation: 'int', default: '1', comment: '' })],
      {},
      trans
    ).form.fields[0]!;
    expect(entryFor(field, 'no number', trans)).toBe(null);
  });
});

/** A server whose answers come when the test says so. */
class SlowCron {
  readonly waiting: { expression: string; give: (answer: unknown) => void; fail: (error: Error) => void }[] =
    [];
  describeCron = (expression: string) =>
    new Promise<{ reading: string; times: string[] }>((resolve, reject) =>
      this.waiting.push({ expression, give: resolve as never, fail: reject })
    );
}

function refusal(path: string, message: string, status = 422): Refusal {
  return new Refusal({ title: '', status, detail: message, errors: path ? [{ path, message }] : [] });
}

describe('what a cron expression says', () => {
  it('is asked for once when the typing rests', async () => {
    const server = new SlowCron();
    const preview = new CronPreview(server, 10);
    ['*', '* *', '* * * * *'].forEach(text => preview.show(text, 'UTC'));
    await rest(30);
    expect(server.waiting.map(each => each.expression)).toEqual(['* * * * *']);
    server.waiting[0]!.give({ reading: 'every minute', times: [] });
    await rest();
    expect([preview.answer?.reading, preview.isWaiting]).toEqual(['every minute', false]);
  });

  it('is never an answer to what was typed before', async () => {
    const server = new SlowCron();
    const preview = new CronPreview(server, 1);
    preview.show('1 * * * *', 'UTC');
    await rest(15);
    preview.show('2 * * * *', 'UTC');
    server.waiting[0]!.give({ reading: 'old', times: [] });
    await rest(15);
    expect([preview.answer, preview.isWaiting]).toEqual([null, true]);
    server.waiting[1]!.fail(refusal('expression', 'minute 99 is past 59'));
    await rest();
    expect([preview.answer, preview.faults.get('expression')]).toEqual([null, 'minute 99 is past 59']);
  });

  it('says that it could not be asked, which is no fault of the expression', async () => {
    const server = new SlowCron();
    const preview = new CronPreview(server, 1);
    preview.show('1 * * * *', 'UTC');
    await rest(15);
    server.waiting[0]!.fail(refusal('', 'the store is locked', 503));
    await rest();
    expect([preview.trouble, preview.faults.size]).toEqual(['the store is locked', 0]);
  });
});

/** Jobs that remember what they were asked, and refuse what they are told to. */
class FakeJobs {
  readonly asked: unknown[] = [];
  refuses: Refusal | null = null;
  describeCron = async () => ({ reading: '', times: [] });
  define = async (order: unknown) => this.answer(['define', order], DEFINITION);
  addSchedule = async (order: unknown) => this.answer(['add', order], scheduleOf(TRIGGERS[0]!));
  changeSchedule = async (name: string, order: unknown) =>
    this.answer(['change', name, order], scheduleOf(TRIGGERS[0]!));
  private answer<T>(asked: unknown, given: T): T {
    if (this.refuses) {
      throw this.refuses;
    }
    this.asked.push(asked);
    return given;
  }
}

function editor(jobs: FakeJobs, draft: Partial<IDraft>, edited: ISchedule | null = null): EditorModel {
  const sources = {
    notebooks: { contentOf: () => null },
    parameters: async () => DEFINITION.parameters.map(parameterOf)
  };
  const first = edited ? draftOf(edited, DEFINITION, 'a/churn.ipynb', 'UTC') : emptyDraft('UTC');
  return new EditorModel(
    jobs as unknown as Jobs,
    sources as unknown as Sources,
    trans,
    { ...first, ...draft },
    edited ? { schedule: edited, definition: DEFINITION } : null,
    1
  );
}

describe('the form of a schedule', () => {
  it('defines the notebook, then schedules it with the parameters that were changed', async () => {
    const jobs = new FakeJobs();
    const model = editor(jobs, { path: 'a/churn.ipynb' });
    await rest();
    model.form!.set('limit', { text: '9' });
    expect(await model.submit()).not.toBe(null);
    const [define, add] = jobs.asked as [unknown[], [string, IScheduleOrder]];
    expect(define).toEqual([
      'define',
      expect.objectContaining({ path: 'a/churn.ipynb', kind: 'notebook', name: '' })
    ]);
    expect([add[1].definition, add[1].parameters, add[1].trigger]).toEqual([
      'churn',
      { limit: 9 },
      { kind: 'cron', expression: '0 6 * * 1-5', timezone: 'UTC' }
    ]);
  });

  it('shows what is refused at its field, and loses nothing that was typed', async () => {
    const jobs = new FakeJobs();
    const model = editor(jobs, { path: 'a.ipynb', expression: '99 * * * *', name: 'mine' });
    jobs.refuses = refusal('trigger.expression', 'minute 99 is past 59');
    expect(await model.submit()).toBe(null);
    expect([model.faults.get('trigger.expression'), model.draft.name, model.refusals]).toEqual([
      'minute 99 is past 59',
      'mine',
      1
    ]);
    model.set({ expression: '9 * * * *' }, 'trigger.expression');
    expect(model.faults.size).toBe(0);
  });

  it('says of a definition’s name what the server says of it', async () => {
    const jobs = new FakeJobs();
    const model = editor(jobs, { path: 'a.ipynb' });
    jobs.refuses = refusal('name', 'no name');
    await model.submit();
    expect([...model.faults.keys()]).toEqual(['definition']);
  });

  it('changes what was changed: trigger, definition and parameters stay otherwise', async () => {
    const jobs = new FakeJobs();
    const before = scheduleOf(TRIGGERS[0]!, { parameters: { limit: 5 } });
    const model = editor(jobs, { priority: '1' }, before);
    await rest();
    await model.submit();
    const [, name, change] = jobs.asked[0] as [string, string, Partial<IScheduleOrder>];
    expect([name, change.priority, Object.keys(change).sort()]).toEqual([
      'daily',
      1,
      ['end_at', 'grace', 'jitter', 'misfire', 'overlap', 'paused', 'priority', 'start_at']
    ]);
  });

  it('gives all parameters when one of them was changed', async () => {
    const jobs = new FakeJobs();
    const model = editor(jobs, {}, scheduleOf(TRIGGERS[0]!, { parameters: { limit: 5, gone: 1 } }));
    await rest();
    model.form!.set('region', { text: 'US' });
    await model.submit();
    const [, , change] = jobs.asked[0] as [string, string, Partial<IScheduleOrder>];
    expect(change.parameters).toEqual({ gone: 1, region: 'US', limit: 5 });
  });
});

describe('where a definition came from', () => {
  it.each([
    ['/home/ann/books/a/b.ipynb', '/home/ann/books', 'a/b.ipynb'],
    ['/home/ann/books/a/b.ipynb', '~/books', 'a/b.ipynb'],
    ['/srv/a/b.ipynb', '/home/ann/books', ''],
    ['', '/home/ann', '']
  ])('%s below %s is %s', (path, root, shown) => {
    expect(contentsPath(path, root)).toBe(shown);
  });
});
