import { NotebookModel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { describe, expect, it } from 'vitest';

import { identifierOf, sentenceOf } from '../src/tags/names';
import { OptionName, isValid, valueOf } from '../src/tags/options';
import { INotebookContext, TagsModel } from '../src/tags/model';
import AGREED from './agreed.json';

const trans = nullTranslator.load('nb2prod');

type Metadata = Record<string, unknown>;

/** A notebook of code cells with this metadata each; a null is a Markdown cell. */
function open(cells: (Metadata | null)[], { language = 'python', writable = true } = {}) {
  const model = new NotebookModel();
  model.fromJSON({
    cells: cells.map((metadata, number) =>
      metadata === null
        ? { cell_type: 'markdown', id: `c${number}`, metadata: {}, source: '# Title' }
        : { cell_type: 'code', id: `c${number}`, metadata, source: '', execution_count: null, outputs: [] }
    ),
    metadata: { language_info: { name: language } },
    nbformat: 4,
    nbformat_minor: 5
  } as never);
  model.sharedModel.clearUndoHistory();
  const ready = new PromiseDelegate<void>();
  ready.resolve();
  const context = {
    model,
    contentsModel: { writable },
    fileChanged: new Signal<never, never>({} as never),
    ready: ready.promise,
    isDisposed: false
  } as unknown as INotebookContext;
  return {
    model,
    tags: new TagsModel(context, trans),
    metadata: () => model.toJSON().cells.map(c => c.metadata)
  };
}

const tagged = (...tags: string[]) => ({ tags });
const step = (name: string) => ({ is: 'step', step: name }) as const;
const NONE = { is: 'none' } as const;
const kind = (name: 'parameters' | 'imports' | 'functions' | 'skip') => ({ is: 'kind', kind: name }) as const;

describe('the names and options that the server accepts', () => {
  it.each(Object.entries(AGREED.names))('%j is the step %j', (words, name) => {
    const found = identifierOf(words);
    expect(typeof found === 'string' ? found : null).toBe(name);
  });

  it.each(AGREED.options as [OptionName, unknown, boolean][])(
    '%s: %j is accepted: %j',
    (name, value, valid) => {
      expect(isValid(name, value)).toBe(valid);
    }
  );

  it.each([
    ['retries', ' 3 ', 3],
    ['timeout', '1.5', 1.5],
    ['cache', 'false', false],
    ['cpu', '500m', '500m'],
    ['cpu', '2', 2],
    ['memory', '2Gi', '2Gi'],
    ['memory', '', undefined],
    ['retries', '-1', null],
    ['timeout', 'soon', null]
  ] as [OptionName, string, unknown][])('%s typed as %j is written as %j', (name, typed, value) => {
    expect(valueOf(name, typed)).toEqual(value);
  });

  it('says why words name no step', () => {
    const sentence = (words: string) => {
      const found = identifierOf(words);
      return typeof found === 'string' ? '' : sentenceOf(found, trans);
    };
    expect(['load(x)', '—', '..', 'a'.repeat(101)].map(sentence)).toEqual([
      'A step’s name cannot hold “(”. Use words like train_model.',
      'A step’s name cannot hold “—”. Use words like train_model.',
      'A step’s name needs a letter or a digit, as in train_model.',
      'A step’s name has at most 100 letters; this has 101.'
    ]);
  });
});

describe('reading', () => {
  it('puts untagged code into the step before it, and code before all steps into setup', () => {
    const { tags } = open([
      {},
      tagged('imports'),
      null,
      tagged('step:load'),
      {},
      tagged('skip'),
      {},
      tagged('block:fit')
    ]);
    expect(tags.places.map(place => [place.role, place.step, place.own])).toEqual([
      ['step', 'setup', false],
      ['imports', null, true],
      [null, null, false],
      ['step', 'load', true],
      ['step', 'load', false],
      ['skip', null, true],
      ['step', 'load', false],
      ['step', 'fit', true]
    ]);
    expect(tags.steps.map(({ name, cells }) => [name, cells])).toEqual([
      ['setup', [0]],
      ['load', [3, 4, 6]],
      ['fit', [7]]
    ]);
  });

  it("takes Kale's words and papermill's", () => {
    const { tags } = open([
      tagged('pipeline-parameters'),
      tagged('injected-parameters'),
      tagged('block:fit', 'prev:load', 'limit:memory:2Gi', 'retry_count:2', 'pipeline-metrics')
    ]);
    expect(tags.places.map(place => place.role)).toEqual(['parameters', 'parameters', 'step']);
    expect(tags.places[2]!.reading.flags).toEqual(new Set(['metrics']));
    expect(Object.fromEntries(tags.optionsOf('fit'))).toEqual({ memory: '2Gi', retries: 2 });
  });

  it('tells of tags that contradict each other', () => {
    const { tags } = open([
      tagged('skip', 'step:a'),
      tagged('step:a', 'step:b'),
      tagged('imports', 'metrics'),
      tagged('x')
    ]);
    expect(tags.places.map(place => place.reading.contradictions)).toEqual([
      ['skip', 'step:a'],
      ['step:a', 'step:b'],
      ['imports', 'metrics'],
      []
    ]);
  });
});

describe('choosing what cells are for', () => {
  it('keeps foreign tags in their places, and all other metadata', () => {
    const { tags, metadata } = open([
      { tags: ['hide', 'step:a', 'raises-exception'], scrolled: true, other: { b: [1] } }
    ]);
    tags.choose([0], step('b'));
    expect(metadata()).toEqual([
      { tags: ['hide', 'step:b', 'raises-exception'], scrolled: true, other: { b: [1] } }
    ]);
  });

  it('leaves nothing empty behind', () => {
    const { tags, metadata } = open([
      { ...tagged('step:a', 'metrics'), nb2prod: { retries: 1 } },
      tagged('skip', 'hide')
    ]);
    tags.choose([0, 1], kind('skip'));
    expect(metadata()).toEqual([tagged('skip'), tagged('skip', 'hide')]);
    tags.choose([0, 1], NONE);
    expect(metadata()).toEqual([{}, tagged('hide')]);
  });

  it('writes a step as the notebook writes it', () => {
    const { tags, metadata } = open([tagged('step:Train model'), {}]);
    tags.choose([1], step('train_model'));
    expect(metadata()[1]).toEqual(tagged('step:Train model'));
  });

  it("changes Kale's tags where they say something else, and no others", () => {
    const { tags, metadata } = open([
      tagged('block:a', 'prev:z'),
      tagged('block:b', 'prev:a'),
      tagged('pipeline-parameters')
    ]);
    tags.choose([0], step('a'));
    tags.choose([1], step('a'));
    tags.choose([2], kind('parameters'));
    expect(metadata()).toEqual([
      tagged('block:a', 'prev:z'),
      tagged('step:a'),
      tagged('pipeline-parameters')
    ]);
  });

  it('leaves Markdown alone', () => {
    const { tags, metadata } = open([null, {}]);
    tags.choose([0, 1], step('a'));
    expect(metadata()).toEqual([{}, tagged('step:a')]);
  });

  it('leaves alone what it cannot read', () => {
    const { tags, metadata } = open([{ tags: 'step:a' }]);
    tags.choose([0], step('b'));
    expect(metadata()).toEqual([{ tags: 'step:a' }]);
  });
});

describe('marks', () => {
  it('go with cells of a step', () => {
    const { tags, metadata } = open([tagged('imports'), {}, tagged('step:a', 'hide')]);
    tags.mark([0, 1, 2], 'metrics', true);
    tags.mark([2], 'inference', true);
    expect(metadata()).toEqual([
      tagged('imports'),
      tagged('metrics'),
      tagged('step:a', 'hide', 'metrics', 'inference')
    ]);
    tags.mark([1, 2], 'metrics', false);
    expect(metadata()).toEqual([tagged('imports'), {}, tagged('step:a', 'hide', 'inference')]);
  });

  it("takes Kale's away too", () => {
    const { tags, metadata } = open([tagged('block:a', 'pipeline-metrics')]);
    tags.mark([0], 'metrics', false);
    expect(metadata()).toEqual([tagged('block:a')]);
  });
});

describe('renaming a step', () => {
  it("renames it everywhere, in Kale's tags too", () => {
    const { tags, metadata } = open([
      tagged('step:Fit It'),
      {},
      tagged('x', 'block:fit it', 'prev:load'),
      tagged('block:b', 'prev:fit_it')
    ]);
    tags.rename('fit_it', 'train');
    expect(metadata()).toEqual([
      tagged('step:train'),
      {},
      tagged('x', 'block:train', 'prev:load'),
      tagged('block:b', 'prev:train')
    ]);
  });

  it('names the step that nobody named', () => {
    const { tags, metadata } = open([tagged('imports'), {}, {}, tagged('step:a')]);
    tags.rename('setup', 'begin');
    expect(metadata()).toEqual([tagged('imports'), tagged('step:begin'), {}, tagged('step:a')]);
  });
});

describe('options of a step', () => {
  it('stand on its first cell that has some, or its first', () => {
    const { tags, metadata } = open([tagged('step:a'), { nb2prod: { cpu: 1 } }, tagged('step:b')]);
    tags.setOptions('a', { retries: 2, cpu: 1 });
    tags.setOptions('b', { memory: '2Gi', timeout: undefined });
    expect(metadata()).toEqual([
      tagged('step:a'),
      { nb2prod: { cpu: 1, retries: 2 } },
      { ...tagged('step:b'), nb2prod: { memory: '2Gi' } }
    ]);
  });

  it('settle what cells dispute', () => {
    const { tags, metadata } = open([
      { ...tagged('step:a'), nb2prod: { retries: 1 } },
      { nb2prod: { retries: 2 } },
      tagged('step:a', 'retry:3')
    ]);
    tags.setOptions('a', { retries: 1 });
    expect(metadata()).toEqual([{ ...tagged('step:a'), nb2prod: { retries: 1 } }, {}, tagged('step:a')]);
    tags.setOptions('a', { retries: undefined });
    expect(metadata()).toEqual([tagged('step:a'), {}, tagged('step:a')]);
  });

  it('stay with the step when a cell leaves it', () => {
    const { tags, metadata } = open([
      { ...tagged('step:a'), nb2prod: { retries: 1 } },
      tagged('step:a'),
      { ...tagged('step:b'), nb2prod: { retries: 5 } }
    ]);
    tags.choose([0], step('b'));
    expect(metadata()).toEqual([
      tagged('step:b'),
      { ...tagged('step:a'), nb2prod: { retries: 1 } },
      { ...tagged('step:b'), nb2prod: { retries: 5 } }
    ]);
  });

  it('go along with a whole step', () => {
    const { tags, metadata } = open([{ ...tagged('step:a'), nb2prod: { retries: 1 } }]);
    tags.choose([0], step('b'));
    expect(metadata()).toEqual([{ ...tagged('step:b'), nb2prod: { retries: 1 } }]);
    tags.choose([0], kind('imports'));
    expect(metadata()).toEqual([tagged('imports')]);
  });

  it("give way, as Kale's tags, to those of the step that a cell comes to", () => {
    const { tags, metadata } = open([
      tagged('block:a', 'retry:3'),
      { ...tagged('step:b'), nb2prod: { retries: 5 } }
    ]);
    tags.choose([0], step('b'));
    expect(metadata()[0]).toEqual(tagged('step:b'));
  });
});

describe('undo', () => {
  it("takes a change of many cells back in one step of the notebook's", () => {
    const { model, tags, metadata } = open([
      tagged('step:a', 'hide'),
      {},
      { ...tagged('step:c'), nb2prod: { gpu: 1 } }
    ]);
    const before = metadata();
    tags.choose([0, 1, 2], step('b'));
    const between = metadata();
    tags.choose([0, 1, 2], kind('skip'));
    const after = metadata();
    model.sharedModel.undo();
    expect(metadata()).toEqual(between);
    model.sharedModel.undo();
    expect(metadata()).toEqual(before);
    expect(model.sharedModel.canUndo()).toBe(false);
    model.sharedModel.redo();
    model.sharedModel.redo();
    expect(metadata()).toEqual(after);
  });

  it('does not join what came just before', () => {
    const { model, tags, metadata } = open([{}]);
    model.sharedModel.insertCell(1, { cell_type: 'code' } as never);
    tags.choose([0], step('a'));
    model.sharedModel.undo();
    expect(metadata()).toEqual([{}, {}]);
  });
});

describe('what may be changed', () => {
  it.each([
    [{ writable: false }, 'This notebook is read-only: its tags cannot be changed.'],
    [{ language: 'R' }, 'This notebook is written in R, and nb2prod converts Python.']
  ])('is nothing in %j', (how, why) => {
    const { tags, metadata } = open([{}], how);
    tags.choose([0], step('a'));
    expect([tags.refusal, metadata()]).toEqual([why, [{}]]);
  });

  it('is told once for many cells, and when others change tags', async () => {
    const { model, tags } = open([{}, {}, {}]);
    await Promise.resolve();
    let times = 0;
    tags.changed.connect(() => times++);
    tags.choose([0, 1, 2], step('a'));
    await Promise.resolve();
    expect(times).toBe(1);
    model.cells.get(0).setMetadata('tags', ['skip']);
    await Promise.resolve();
    expect([times, tags.places[0]!.role]).toEqual([2, 'skip']);
    tags.dispose();
    model.cells.get(0).setMetadata('tags', []);
    await Promise.resolve();
    expect(times).toBe(2);
  });
});
