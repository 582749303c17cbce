import { describe, expect, it } from 'vitest';

import { counted, diffLines, hunks } from '../src/convert/diff';

function shown(before: string, after: string): string[] {
  const signs = { same: ' ', added: '+', removed: '-' };
  return diffLines(before, after).map(line => `${signs[line.kind]}${line.text}`);
}

function applied(before: string, after: string): [string[], string[]] {
  const lines = diffLines(before, after);
  const only = (kind: string) => lines.filter(line => line.kind !== kind).map(line => line.text);
  return [only('added'), only('removed')];
}

describe('the difference of two texts', () => {
  it('is nothing when they are the same', () => {
    expect(counted(diffLines('a\nb\n', 'a\nb\n'))).toEqual({ added: 0, removed: 0 });
    expect(diffLines('', '')).toEqual([]);
  });

  it('shows a line that changed between lines that stay', () => {
    expect(shown('a\nb\nc\n', 'a\nB\nc\n')).toEqual([' a', '-b', '+B', ' c']);
  });

  it('numbers the lines of both sides', () => {
    expect(diffLines('a\nb\n', 'x\na\n').map(line => [line.kind, line.before, line.after])).toEqual([
      ['added', 0, 1],
      ['same', 1, 2],
      ['removed', 2, 0]
    ]);
  });

  it('gives both texts back, whatever they are', () => {
    let seed = 7;
    const draw = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 300; round++) {
      const text = () => Array.from({ length: draw(14) }, () => 'abc'[draw(3)]).join('\n');
      const [before, after] = [text(), text()];
      const clean = (given: string) =>
        given.split('\n').filter((_, place, all) => place < all.length - 1 || all[place]);
      expect(applied(before, after)).toEqual([clean(before), clean(after)]);
    }
  });

  it('is the smallest one', () => {
    expect(counted(diffLines('a\nb\nc\na\nb\nb\na\n', 'c\nb\na\nb\na\nc\n'))).toEqual({
      added: 2,
      removed: 3
    });
  });

  it('shows texts that have nothing in common as replaced, and at once', () => {
    const text = (word: string) => Array.from({ length: 4000 }, (_, line) => `${word}${line}`).join('\n');
    const began = performance.now();
    expect(counted(diffLines(text('a'), text('b')))).toEqual({ added: 4000, removed: 4000 });
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it('leaves out what is far from a change', () => {
    const text = Array.from({ length: 20 }, (_, line) => `${line}`);
    const changed = text.map(line => (line === '10' ? 'ten' : line));
    const found = hunks(diffLines(text.join('\n'), changed.join('\n')), 1);
    expect(found.map(line => (line.kind === 'gap' ? `… ${line.count}` : line.text))).toEqual([
      '… 9',
      '9',
      '10',
      'ten',
      '11',
      '… 8'
    ]);
  });
});
