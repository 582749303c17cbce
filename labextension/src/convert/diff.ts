// What changed between two texts, line by line (Myers' O(ND) difference).

export interface IDiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly before: number; // line numbers from 1, 0 where the line is not
  readonly after: number;
  readonly text: string;
}

/** `count` lines that are the same and not shown. */
export interface IDiffGap {
  readonly kind: 'gap';
  readonly count: number;
}

const MOST = 1500; // differences that are looked for; texts further apart are shown as replaced

export function diffLines(before: string, after: string): readonly IDiffLine[] {
  const [left, right] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) {
    head++;
  }
  let tail = 0;
  while (
    tail < left.length - head &&
    tail < right.length - head &&
    left[left.length - 1 - tail] === right[right.length - 1 - tail]
  ) {
    tail++;
  }
  const middle = script(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  return numbered([
    ...left.slice(0, head).map(text => ['same', text] as const),
    ...middle,
    ...left.slice(left.length - tail).map(text => ['same', text] as const)
  ]);
}

/** Only what changed, with `context` lines around it. */
export function hunks(lines: readonly IDiffLine[], context = 3): readonly (IDiffLine | IDiffGap)[] {
  const near = new Set<number>();
  lines.forEach((line, place) => {
    for (let at = place - context; line.kind !== 'same' && at <= place + context; at++) {
      near.add(at);
    }
  });
  const found: (IDiffLine | IDiffGap)[] = [];
  let count = 0;
  for (const [place, line] of lines.entries()) {
    if (!near.has(place)) {
      count++;
      continue;
    }
    if (count) {
      found.push({ kind: 'gap', count });
    }
    count = 0;
    found.push(line);
  }
  return count && found.length ? [...found, { kind: 'gap', count }] : found;
}

export function counted(lines: readonly IDiffLine[]): { added: number; removed: number } {
  return {
    added: lines.filter(line => line.kind === 'added').length,
    removed: lines.filter(line => line.kind === 'removed').length
  };
}

type Step = readonly [IDiffLine['kind'], string];

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  return lines[lines.length - 1] === '' ? lines.slice(0, -1) : lines;
}

function numbered(steps: readonly Step[]): IDiffLine[] {
  let [before, after] = [0, 0];
  return steps.map(([kind, text]) => ({
    kind,
    text,
    before: kind === 'added' ? 0 : ++before,
    after: kind === 'removed' ? 0 : ++after
  }));
}

function script(left: readonly string[], right: readonly string[]): Step[] {
  const trace = furthest(left, right);
  if (trace === null) {
    return [...left.map(text => ['removed', text] as const), ...right.map(text => ['added', text] as const)];
  }
  return walkedBack(left, right, trace);
}

/** For each number of differences, how far each diagonal comes; null when there are too many. */
function furthest(left: readonly string[], right: readonly string[]): Map<number, number>[] | null {
  const trace: Map<number, number>[] = [];
  let reached = new Map([[1, 0]]);
  for (let apart = 0; apart <= Math.min(left.length + right.length, MOST); apart++) {
    const next = new Map<number, number>();
    trace.push(reached);
    for (let diagonal = -apart; diagonal <= apart; diagonal += 2) {
      let x = isDown(reached, diagonal, apart)
        ? (reached.get(diagonal + 1) ?? 0)
        : (reached.get(diagonal - 1) ?? 0) + 1;
      while (x < left.length && x - diagonal < right.length && left[x] === right[x - diagonal]) {
        x++;
      }
      next.set(diagonal, x);
      if (x >= left.length && x - diagonal >= right.length) {
        return trace;
      }
    }
    reached = next;
  }
  return null;
}

function walkedBack(
  left: readonly string[],
  right: readonly string[],
  trace: readonly Map<number, number>[]
): Step[] {
  const steps: Step[] = [];
  let [x, y] = [left.length, right.length];
  for (let apart = trace.length - 1; apart >= 0; apart--) {
    const reached = trace[apart]!;
    const down = isDown(reached, x - y, apart);
    const from = x - y + (down ? 1 : -1);
    const startX = reached.get(from) ?? 0;
    const startY = startX - from;
    for (; x > startX && y > startY && x > 0 && y > 0; x--, y--) {
      if (left[x - 1] !== right[y - 1]) {
        break;
      }
      steps.push(['same', left[x - 1]!]);
    }
    if (apart > 0) {
      steps.push(down ? ['added', right[startY]!] : ['removed', left[startX]!]);
    }
    [x, y] = [startX, startY];
  }
  return steps.reverse();
}

function isDown(reached: ReadonlyMap<number, number>, diagonal: number, apart: number): boolean {
  return (
    diagonal === -apart ||
    (diagonal !== apart && (reached.get(diagonal - 1) ?? -1) < (reached.get(diagonal + 1) ?? -1))
  );
}
