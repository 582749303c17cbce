import { describe, expect, it } from 'vitest';

import type { ISchedulerStatus } from '../src/rest';
import { SchedulerModel } from '../src/ui/scheduler';

function statusOf(running: boolean): ISchedulerStatus {
  return { running, daemons: [], store: 'sqlite:///a.db', queued: 0, running_runs: 0, next_due: null };
}

/** A server whose answers come when the test says so. */
class SlowServer {
  readonly asked: string[] = [];
  readonly waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  request = <Answer>(path: string, { method = 'GET' }: { method?: string } = {}) => {
    this.asked.push(`${method} ${path}`);
    return new Promise<Answer>((resolve, reject) => this.waiting.push({ resolve: resolve as never, reject }));
  };
}

const rest = (milliseconds = 0) => new Promise(resolve => setTimeout(resolve, milliseconds));

describe('the scheduler', () => {
  it('is silent when no daemon runs, and runs when it was started', async () => {
    const server = new SlowServer();
    const model = new SchedulerModel(server);
    const seen: string[] = [];
    model.changed.connect(() => seen.push(model.state));
    const refreshed = model.refresh();
    server.waiting[0]!.resolve(statusOf(false));
    await refreshed;
    const started = model.start();
    server.waiting[1]!.resolve(statusOf(true));
    expect([await started, seen, server.asked]).toEqual([
      true,
      ['silent', 'starting', 'running'],
      ['GET scheduler', 'POST scheduler']
    ]);
  });

  it('says why it did not start, and is asked to start once only', async () => {
    const server = new SlowServer();
    const model = new SchedulerModel(server);
    const started = [model.start(), model.start()];
    server.waiting[0]!.reject(new Error('the store is locked'));
    expect(await Promise.all(started)).toEqual([false, false]);
    expect([model.problem, server.asked.length]).toEqual(['the store is locked', 1]);
  });

  it('drops an answer from before the start', async () => {
    const server = new SlowServer();
    const model = new SchedulerModel(server);
    const refreshed = model.refresh();
    const started = model.start();
    server.waiting[1]!.resolve(statusOf(true));
    await started;
    server.waiting[0]!.resolve(statusOf(false));
    await refreshed;
    expect(model.state).toBe('running');
  });

  it('is asked for once when somebody begins to watch', async () => {
    const server = new SlowServer();
    const model = new SchedulerModel(server);
    const watched = model.watch();
    await rest(60);
    expect(server.asked).toEqual(['GET scheduler']);
    watched.dispose();
    model.dispose();
  });

  it('is looked at only while somebody watches', async () => {
    const server = new SlowServer();
    const model = new SchedulerModel(server, 10);
    const watched = model.watch();
    server.waiting.forEach(each => each.resolve(statusOf(true)));
    await rest(60);
    server.waiting.forEach(each => each.resolve(statusOf(true)));
    watched.dispose();
    await rest(5);
    const asked = server.asked.length;
    await rest(60);
    expect([asked > 1, server.asked.length === asked]).toEqual([true, true]);
    model.dispose();
  });
});
