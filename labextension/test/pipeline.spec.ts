import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { PARAMETERS } from '../src/pipeline/layout';
import { IFront, nodeOf, PipelineModel } from '../src/pipeline/model';
import { current, firstLine, groupsOf, proposalOf, renamed, without } from '../src/pipeline/proposal';
import { StepStates } from '../src/pipeline/states';
import { edgeInWords, listed, stateInWords, stepInWords } from '../src/pipeline/words';
import { duration } from '../src/ui/parts';
import { findingOf, flow, Front, lookOf, parameterOf, stepOf } from './looked';

const trans = nullTranslator.load('nb2prod');

const LOOK = lookOf({
  steps: [
    stepOf('load', [2], { outputs: [{ name: 'table', readers: ['train'], is_result: false, cell: 2 }] }),
    stepOf('train', [3, 4], {
      inputs: [
        { name: 'table', source: 'load', code: 'x = table', cell: 3, line: 1 },
        { name: 'n', source: '', code: '', cell: 0, line: 0 }
      ]
    })
  ],
  parameters: [parameterOf('n')],
  edges: [flow('load', 'train', 'table'), flow('', 'train', 'n')],
  findings: [findingOf(3, 1)]
});

/** Work that waits until the test says so. */
class Later {
  waiting: (() => void)[] = [];
  do = (work: () => void) => {
    this.waiting.push(work);
    return () => void (this.waiting = this.waiting.filter(each => each !== work));
  };
  run() {
    this.waiting.splice(0).forEach(work => work());
  }
}

function shown(front: Front | null, suggestions = [] as { cell: number; tag: string; reason: string }[]) {
  const later = new Later();
  const states = new StepStates();
  const model = new PipelineModel({ suggestions: () => Promise.resolve(suggestions) }, states, later.do);
  model.front = front as unknown as IFront | null;
  later.run();
  return { model, later, states };
}

describe('what the panel shows', () => {
  it('says why there is no graph', () => {
    const status = (front: Front | null) => shown(front).model.status;
    expect(status(null)).toBe('none');
    expect(status(new Front(null))).toBe('waiting');
    expect(status(new Front(lookOf({ refused: 'It is not Python.' })))).toBe('refused');
    expect(status(new Front(lookOf({ tagged: false }), ['# Title', '  ']))).toBe('empty');
    expect(status(new Front(lookOf({ tagged: false }), ['x = 1']))).toBe('untagged');
    expect(status(new Front(LOOK))).toBe('ready');
    const failed = new Front(LOOK);
    failed.look.state = 'failed';
    expect(status(failed)).toBe('failed');
  });

  it('keeps the last graph while the notebook is looked at again', () => {
    const front = new Front(LOOK);
    const { model } = shown(front);
    front.look.state = 'waiting';
    front.look.changed.emit();
    expect([model.isStale, model.graph.nodes.length]).toEqual([true, 3]);
  });

  it('lays out off the typing path, and again only for another graph', () => {
    const front = new Front(LOOK);
    const { model, later } = shown(front);
    const before = model.graph;
    front.look.changed.emit();
    expect(later.waiting.length).toBe(1);
    later.run();
    expect(model.graph).toBe(before);
    front.look.look = lookOf({ ...LOOK, edges: [] });
    front.look.changed.emit();
    expect(model.graph).toBe(before);
    later.run();
    expect(model.graph.routes.length).toBe(0);
  });

  it('forgets the notebook that is no longer in front', () => {
    const front = new Front(LOOK);
    const { model } = shown(front);
    model.front = null;
    let told = 0;
    model.changed.connect(() => told++);
    front.look.changed.emit();
    expect([told, front.isDisposed, model.graph.nodes.length]).toEqual([0, true, 0]);
  });

  it('draws the state of a run', () => {
    const { model, later, states } = shown(new Front(LOOK));
    const height = model.graph.nodes[1]!.height;
    states.set('other.ipynb', new Map([['load', { state: 'failed', seconds: 1 }]]));
    expect(model.stateOf('load')).toBe(null);
    states.set('a.ipynb', new Map([['load', { state: 'running', seconds: 1.25 }]]));
    later.run();
    expect([model.stateOf('load')?.state, model.graph.nodes[1]!.height > height]).toEqual(['running', true]);
    states.clear('a.ipynb');
    expect(model.stateOf('load')).toBe(null);
  });
});

describe('the selection', () => {
  it('goes from the active cell to its node', () => {
    const front = new Front(LOOK);
    const { model } = shown(front);
    front.activeId = 'd';
    expect(model.currentNode).toBe('train');
    front.activeId = 'a';
    expect(model.currentNode).toBe(PARAMETERS);
    front.activeId = null;
    expect(model.currentNode).toBe(null);
    expect(nodeOf(LOOK, 99)).toBe(null);
  });

  it('goes from a node to its cells, wherever they stand by now', () => {
    const front = new Front(LOOK);
    const { model } = shown(front);
    model.revealNode('train');
    model.revealNode(PARAMETERS);
    model.revealCells([3], 7);
    model.revealNode('gone');
    expect(front.revealed).toEqual([
      [['c', 'd'], undefined],
      [['a'], undefined],
      [['c'], 7]
    ]);
  });
});

const SUGGESTED = [
  { cell: 1, tag: 'imports', reason: 'it imports' },
  { cell: 2, tag: 'step:load', reason: 'r' },
  { cell: 3, tag: 'step:load', reason: 'r' },
  { cell: 5, tag: 'step:train', reason: 'r' },
  { cell: 9, tag: 'skip', reason: 'gone' }
];
const CELLS = ['import os', '\n  x = 1', 'y', '# T', 'z'].map((text, at) => ({ id: 'abcde'[at]!, text }));

describe('a proposal', () => {
  it('groups neighbours, and shows the first line that says something', () => {
    const proposal = proposalOf(SUGGESTED, CELLS);
    expect(proposal.map(item => [item.id, item.line])).toEqual([
      ['a', 'import os'],
      ['b', 'x = 1'],
      ['c', 'y'],
      ['e', 'z']
    ]);
    expect(groupsOf(proposal).map(group => [group.step, group.items.length])).toEqual([
      [null, 1],
      ['load', 2],
      ['train', 1]
    ]);
    expect(firstLine(' \n')).toBe('');
  });

  it('renames a step in all its cells', () => {
    const proposal = renamed(proposalOf(SUGGESTED, CELLS), 'load', 'fetch');
    expect(proposal.map(item => item.tag)).toEqual(['imports', 'step:fetch', 'step:fetch', 'step:train']);
    expect(without(proposal, ['a', 'b', 'c']).map(item => item.id)).toEqual(['e']);
  });

  it('leaves out cells that went away or were tagged meanwhile, and follows those that moved', () => {
    const proposal = proposalOf(SUGGESTED, CELLS);
    expect(current(proposal, CELLS, () => false)).toBe(proposal);
    const moved = [CELLS[4]!, ...CELLS.slice(0, 2)];
    expect(current(proposal, moved, id => id === 'a').map(item => [item.id, item.place])).toEqual([
      ['b', 3],
      ['e', 1]
    ]);
  });

  it('is accepted one by one, and all at once in one go', async () => {
    const front = new Front(
      lookOf({ tagged: false }),
      CELLS.map(cell => cell.text)
    );
    const { model } = shown(front, SUGGESTED);
    await model.suggest();
    model.accept([model.proposal![1]!]);
    model.rename('load', 'fetch');
    model.dismiss([model.proposal![0]!]);
    model.accept(model.proposal!);
    expect(front.tagged).toEqual([
      [['b', 'step:load']],
      [
        ['c', 'step:fetch'],
        ['e', 'step:train']
      ]
    ]);
    expect(model.proposal).toBe(null);
  });

  it('writes nothing where nothing may be written', async () => {
    const front = new Front(lookOf({ tagged: false }), ['x = 1', 'y = 2']);
    front.refusal = 'read-only';
    const { model } = shown(front, SUGGESTED);
    await model.suggest();
    model.accept(model.proposal!);
    expect([front.tagged, model.proposal?.length]).toEqual([[], 2]);
  });

  it('says so when all cells have tags', async () => {
    const { model } = shown(new Front(LOOK), []);
    await model.suggest();
    expect([model.proposal, model.isAllTagged]).toEqual([null, true]);
  });

  it('says why there is none', async () => {
    const model = new PipelineModel({ suggestions: () => Promise.reject(new Error('no')) }, new StepStates());
    model.front = new Front(LOOK) as unknown as IFront;
    await model.suggest();
    expect([model.proposal, model.proposalTrouble]).toEqual([null, 'no']);
    model.dispose();
  });
});

describe('words', () => {
  it('name a step with its cells, what it takes and what was found', () => {
    expect(stepInWords(LOOK.steps[1]!, LOOK.findings, { state: 'running', seconds: 3.21 }, trans)).toBe(
      'Step train, cells 3 and 4, takes table from load, takes parameters n, 1 finding, running, 3.2 s'
    );
    expect(stepInWords(stepOf('a', [1], { is_wired: false, inference: true }), [], null, trans)).toBe(
      'Step a, cell 1, what it takes is not known, for inference'
    );
  });

  it('tell edges and times', () => {
    expect(listed(['a', 'b', 'c'], trans)).toBe('a, b and c');
    expect(edgeInWords(flow('', 'a', 'n'), trans)).toBe('the parameters to a: n');
    expect(edgeInWords({ source: 'a', target: 'b', kind: 'order', names: ['files'] }, trans)).toBe(
      'b comes after a: both use files'
    );
    expect([12, 75, 3700].map(seconds => duration(seconds, trans))).toEqual([
      '12 s',
      '1 min 15 s',
      '1 h 1 min'
    ]);
    const done = [59.7, 119.6].map(seconds => stateInWords({ state: 'completed', seconds }, trans));
    expect(done).toEqual(['completed, 1 min 0 s', 'completed, 2 min 0 s']);
  });
});
