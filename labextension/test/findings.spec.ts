import { describe, expect, it } from 'vitest';

import type { IEdit } from '../src/api';
import {
  atLeast,
  byCell,
  countsOf,
  gravest,
  nextFinding,
  replacements,
  whatToFix
} from '../src/findings/model';
import { findingOf } from './looked';

const edit = (first: number, last: number, text: string, cell = 1): IEdit => ({ cell, first, last, text });

const replaced = (text: string, edits: readonly IEdit[]) =>
  replacements(text, edits).reduce(
    (made, { from, to, insert }) => made.slice(0, from) + insert + made.slice(to),
    text
  );

describe('edits of a text', () => {
  it.each([
    ['a line', 'a\nb\nc', [edit(2, 2, 'B')], 'a\nB\nc'],
    ['several lines', 'a\nb\nc', [edit(1, 2, 'x\ny\nz')], 'x\ny\nz\nc'],
    ['the last line', 'a\nb', [edit(2, 2, 'B')], 'a\nB'],
    ['before a line', 'a\nb', [edit(2, 1, 'new')], 'a\nnew\nb'],
    ['before the first', 'a', [edit(1, 0, 'new')], 'new\na'],
    ['past the end', 'a', [edit(2, 1, 'new')], 'a\nnew'],
    ['a line away', 'a\nb\nc', [edit(2, 2, '')], 'a\nc'],
    ['the last line away', 'a\nb', [edit(2, 2, '')], 'a'],
    ['all away', 'a\nb', [edit(1, 2, '')], ''],
    ['two places', 'a\nb\nc', [edit(1, 1, 'A\nA'), edit(3, 3, 'C')], 'A\nA\nb\nC'],
    ['a place and before it', 'a\nb', [edit(2, 2, 'B'), edit(2, 1, 'new')], 'a\nnew\nB'],
    ['Windows line ends', 'a\r\nb', [edit(2, 2, 'B')], 'a\r\nB']
  ])('%s', (_, before, edits, after) => {
    expect(replaced(before, edits)).toBe(after);
  });
});

describe('what is shown', () => {
  const all = [
    findingOf(2, 5, { severity: 'info' }),
    findingOf(2, 1, { severity: 'error' }),
    findingOf(0, 0, { severity: 'warning' }),
    findingOf(1, 3)
  ];

  it('goes by the threshold', () => {
    expect(atLeast(all, 'error').length).toBe(1);
    expect(atLeast(all, 'warning').length).toBe(3);
    expect(atLeast(all, 'info').length).toBe(4);
    expect([countsOf(all), gravest(all), gravest([])]).toEqual([
      { error: 1, warning: 2, info: 1 },
      'error',
      null
    ]);
  });

  it('is by cell, in order, without what is filtered out', () => {
    const grouped = byCell(all, new Set(['info'] as const));
    expect(grouped.map(group => [group.cell, group.findings.map(finding => finding.line)])).toEqual([
      [0, [0]],
      [1, [3]],
      [2, [1]]
    ]);
  });

  it('is stepped through, around the end', () => {
    const at = (cell: number, line: number) => ({ cell, line });
    const place = (found?: { cell: number; line: number }) => found && [found.cell, found.line];
    expect(place(nextFinding(all, at(1, 1), 1))).toEqual([1, 3]);
    expect(place(nextFinding(all, at(1, 3), 1))).toEqual([2, 1]);
    expect(place(nextFinding(all, at(2, 5), 1))).toEqual([1, 3]);
    expect(place(nextFinding(all, at(1, 3), -1))).toEqual([2, 5]);
    expect(nextFinding([], at(1, 1), 1)).toBe(undefined);
  });
});

describe('a fix', () => {
  const look = {
    idOf: (number: number) => ['a', 'b'][number - 1],
    textOf: (id: string) => ({ a: 'one\ntwo', b: 'three' })[id]
  };
  const finding = findingOf(1, 1, {
    fix: { title: 't', edits: [edit(1, 1, 'ONE'), edit(1, 1, 'THREE', 2)] }
  });

  it('is of the cells as they were looked at', () => {
    const now: Record<string, string> = { a: 'one\ntwo', b: 'three' };
    expect(whatToFix(finding, look, id => now[id])?.map(each => each.id)).toEqual(['a', 'b']);
  });

  it('is refused when one of them is another by now, or gone', () => {
    expect(whatToFix(finding, look, id => (id === 'a' ? 'one\ntwo' : 'three!'))).toBe(null);
    expect(whatToFix(finding, look, () => undefined)).toBe(null);
    expect(whatToFix(findingOf(1, 1), look, () => '')).toBe(null);
  });
});
