// Findings as they are shown: which, in what order, and what a fix makes of a cell's text.

import type { IEdit, IFinding, Severity } from '../api';

export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

export type Counts = Readonly<Record<Severity, number>>;

/** Those that are as grave as `least`, or graver. */
export function atLeast(findings: readonly IFinding[], least: Severity): readonly IFinding[] {
  const last = SEVERITIES.indexOf(least);
  return findings.filter(finding => SEVERITIES.indexOf(finding.severity) <= last);
}

export function countsOf(findings: readonly IFinding[]): Counts {
  const counts = { error: 0, warning: 0, info: 0 };
  findings.forEach(finding => counts[finding.severity]++);
  return counts;
}

/** The gravest of them, or null. */
export function gravest(findings: readonly IFinding[]): Severity | null {
  return SEVERITIES.find(severity => findings.some(finding => finding.severity === severity)) ?? null;
}

/** Findings of one cell; 0 is the notebook as a whole. */
export interface ICellFindings {
  readonly cell: number;
  readonly findings: readonly IFinding[];
}

/** By cell in the notebook's order, without the severities that are hidden. */
export function byCell(
  findings: readonly IFinding[],
  hidden: ReadonlySet<Severity>
): readonly ICellFindings[] {
  const cells = new Map<number, IFinding[]>();
  for (const finding of findings) {
    if (!hidden.has(finding.severity)) {
      cells.set(finding.cell, [...(cells.get(finding.cell) ?? []), finding]);
    }
  }
  const inOrder = (a: IFinding, b: IFinding) =>
    a.line - b.line || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  return [...cells]
    .sort(([one], [other]) => one - other)
    .map(([cell, found]) => ({ cell, findings: found.sort(inOrder) }));
}

/** Where a text changes: what stands from `from` to `to` (letters) becomes `insert`. */
export interface IReplacement {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** The replacements of one cell's text, from its end to its start, so that one does not move the next. */
export function replacements(text: string, edits: readonly IEdit[]): readonly IReplacement[] {
  const lines = text.split('\n');
  const starts = [0];
  lines.forEach((line, place) => starts.push(starts[place]! + line.length + 1));
  return [...edits]
    .sort((a, b) => b.first - a.first || b.last - a.last)
    .map(edit => replacement(text, starts, edit));
}

function replacement(text: string, starts: readonly number[], edit: IEdit): IReplacement {
  const count = starts.length - 1;
  const [first, last] = [Math.min(edit.first, count + 1), Math.min(edit.last, count)];
  if (last < first) {
    return first > count
      ? { from: text.length, to: text.length, insert: `\n${edit.text}` }
      : { from: starts[first - 1]!, to: starts[first - 1]!, insert: `${edit.text}\n` };
  }
  const end = starts[last]! - 1; // without its newline
  if (edit.text || (first === 1 && last === count)) {
    return { from: starts[first - 1]!, to: end, insert: edit.text };
  }
  // no text: the lines go, with a newline
  return last < count
    ? { from: starts[first - 1]!, to: end + 1, insert: '' }
    : { from: starts[first - 1]! - 1, to: end, insert: '' };
}

function editsByCell(edits: readonly IEdit[]): ReadonlyMap<number, readonly IEdit[]> {
  const cells = new Map<number, IEdit[]>();
  edits.forEach(edit => cells.set(edit.cell, [...(cells.get(edit.cell) ?? []), edit]));
  return cells;
}

/** The cells of a fix as they were looked at, or null when one of them is another by now. */
export function whatToFix(
  finding: IFinding,
  look: { idOf(cell: number): string | undefined; textOf(id: string): string | undefined },
  textNow: (id: string) => string | undefined
): readonly { readonly id: string; readonly replacements: readonly IReplacement[] }[] | null {
  const made = [];
  for (const [cell, edits] of editsByCell(finding.fix?.edits ?? [])) {
    const id = look.idOf(cell);
    const text = id === undefined ? undefined : look.textOf(id);
    if (id === undefined || text === undefined || textNow(id) !== text) {
      return null;
    }
    made.push({ id, replacements: replacements(text, edits) });
  }
  return made.length ? made : null;
}

interface IAt {
  readonly cell: number;
  readonly line: number;
}

/** The finding after (1) or before (-1) a place; past the last comes the first. Those of no cell have no place. */
export function nextFinding(findings: readonly IFinding[], at: IAt, direction: 1 | -1): IFinding | undefined {
  const order = (a: IAt, b: IAt) => a.cell - b.cell || a.line - b.line;
  const placed = findings.filter(finding => finding.cell > 0).sort((a, b) => order(a, b) * direction);
  return placed.find(finding => order(finding, at) * direction > 0) ?? placed[0];
}
