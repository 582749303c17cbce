import { describe, expect, it } from 'vitest';

import { IOperation, IProblem, Refusal } from '../src/api';
import { OperationModel } from '../src/convert/operation';

const problem = (status: number, detail: string): IProblem => ({ title: '', status, detail, errors: [] });

function operation(state: IOperation['state'], ...numbers: number[]): IOperation {
  return {
    id: 'a1',
    verb: 'convert',
    path: 'churn.ipynb',
    state,
    events: numbers.map(number => ({ number, text: `event ${number}` })),
    result: state === 'completed' ? { folder: 'out/churn' } : null,
    error: null,
    started_at: '2026-01-01T00:00:00Z',
    seconds: 1
  };
}

/** Answers in turn; an Error is thrown, and what is asked after the last one never comes. */
class Server {
  constructor(...answers: (IOperation | Error)[]) {
    this.answers = answers;
  }
  readonly answers: (IOperation | Error)[];
  readonly asked: string[] = [];
  request = async (
    path: string,
    { method = 'GET', query = {} }: { method?: string; query?: object } = {}
  ) => {
    this.asked.push(`${method} ${path} ${JSON.stringify(query)}`);
    const answer = this.answers.shift();
    if (answer instanceof Error) {
      throw answer;
    }
    return answer ?? new Promise(() => undefined);
  };
}

/** Nobody waits in tests. */
const atOnce = { pauses: [] as number[], shown: async () => undefined };
function pace(pauses: number[] = []) {
  return { pause: async (milliseconds: number) => void pauses.push(milliseconds), shown: atOnce.shown };
}

function follow(server: Server, pauses?: number[]): OperationModel {
  return new OperationModel(server as never, operation('running', 1), pace(pauses));
}

describe('an operation', () => {
  it('is followed to its end, asking for what is new', async () => {
    const server = new Server(operation('running', 2, 3), operation('completed', 3, 4));
    const model = follow(server);
    await model.over;
    expect([model.state, model.result, model.events.map(event => event.number)]).toEqual([
      'completed',
      { folder: 'out/churn' },
      [1, 2, 3, 4]
    ]);
    expect(server.asked).toEqual([
      'GET operations/a1 {"after":1,"wait":20}',
      'GET operations/a1 {"after":3,"wait":20}'
    ]);
  });

  it('goes on when the network comes back, and says meanwhile why it does not', async () => {
    const pauses: number[] = [];
    const model = follow(
      new Server(new Error('no network'), new Error('no network'), operation('completed')),
      pauses
    );
    const problems: string[] = [];
    model.changed.connect(() => problems.push(model.problem));
    await model.over;
    expect([model.state, problems, pauses]).toEqual([
      'completed',
      ['no network', 'no network', ''],
      [500, 1000]
    ]);
  });

  it('was stopped with the server that does not know it any more', async () => {
    const pauses: number[] = [];
    const model = follow(
      new Server(new Error('no network'), new Refusal(problem(404, 'there is no operation'))),
      pauses
    );
    await model.over;
    expect([model.state, model.problem, model.isRunning]).toEqual(['stopped', '', false]);
    expect(pauses).toEqual([500]); // there is nothing to wait for any more
  });

  it('is cancelled once, and says so at once', async () => {
    const server = new Server();
    const model = follow(server);
    await Promise.resolve();
    server.answers.push(operation('cancelled'));
    const cancelled = Promise.all([model.cancel(), model.cancel()]);
    expect(model.isCancelling).toBe(true);
    await cancelled;
    expect([model.state, server.asked.filter(each => each.startsWith('DELETE')).length]).toEqual([
      'cancelled',
      1
    ]);
  });

  it('can be cancelled again when the server did not hear of it', async () => {
    const server = new Server();
    const model = follow(server);
    await Promise.resolve();
    server.answers.push(new Error('no network'));
    await model.cancel();
    expect([model.state, model.isCancelling, model.problem]).toEqual(['running', false, 'no network']);
  });

  it('is found again after the page was loaded again', async () => {
    const server = new Server(operation('completed', 1, 2));
    const model = OperationModel.again(server as never, operation('running'));
    await model.over;
    expect([model.state, model.events.length, server.asked[0]]).toEqual([
      'completed',
      2,
      'GET operations/a1 {"after":0,"wait":20}'
    ]);
  });

  it('is refused with the place of what is wrong', async () => {
    const refusal = new Refusal({ ...problem(422, 'no'), errors: [{ path: 'output', message: 'no' }] });
    await expect(OperationModel.start(new Server(refusal) as never, { verb: 'convert' })).rejects.toBe(
      refusal
    );
  });

  it('is not asked for after the model was disposed', async () => {
    const server = new Server(operation('running'));
    const model = follow(server);
    model.dispose();
    await model.over;
    expect(server.asked.length).toBeLessThan(2);
  });
});
