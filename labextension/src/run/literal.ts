// Python literals and JSON as people type them: whether a text is one, and of which kind. Nothing is evaluated.

export type LiteralKind = 'list' | 'tuple' | 'dict' | 'set' | 'str' | 'bytes' | 'number' | 'bool' | 'None';

/** `at`: where in the text it stops being a literal (from 0). */
export class NotLiteral extends Error {
  constructor(readonly at: number) {
    super('not a literal');
  }
}

const SPACE = /[ \t\r\n]*/y;
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)[jJ]?/y;
const STRING =
  /([bBrRuU]{0,2})(?:'''(?:[^\\]|\\[^])*?'''|"""(?:[^\\]|\\[^])*?"""|'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*")/y;
const WORD = /[A-Za-z]+/y;
const WORDS: Readonly<Record<string, LiteralKind>> = {
  True: 'bool',
  False: 'bool',
  None: 'None',
  true: 'bool',
  false: 'bool',
  null: 'None'
};
const DEEPEST = 100;

/** Raises NotLiteral. */
export function literalKind(text: string): LiteralKind {
  const reader = new Reader(text);
  const kind = reader.value(0);
  reader.end();
  return kind;
}

class Reader {
  constructor(private readonly text: string) {}

  value(depth: number): LiteralKind {
    this.space();
    if (depth > DEEPEST) {
      throw new NotLiteral(this.place);
    }
    switch (this.text[this.place]) {
      case '[':
        this.items(']', depth);
        return 'list';
      case '(':
        return this.tuple(depth);
      case '{':
        return this.braces(depth);
    }
    const word = this.match(WORD, false);
    if (word && WORDS[word]) {
      this.place += word.length;
      return WORDS[word];
    }
    const found = this.match(STRING, true);
    if (found !== null) {
      while (this.another(STRING)) {
        // strings that stand beside one another are one
      }
      return /^[^'"]*b/i.test(found) ? 'bytes' : 'str';
    }
    if (this.match(NUMBER, true) === null) {
      throw new NotLiteral(this.place);
    }
    return 'number';
  }

  end(): void {
    this.space();
    if (this.place < this.text.length) {
      throw new NotLiteral(this.place);
    }
  }

  private tuple(depth: number): LiteralKind {
    const { count, kind, comma } = this.items(')', depth);
    return count === 1 && !comma ? kind : 'tuple';
  }

  private braces(depth: number): LiteralKind {
    this.place++;
    if (this.take('}')) {
      return 'dict';
    }
    this.value(depth + 1);
    const isDict = this.take(':');
    if (isDict) {
      this.value(depth + 1);
    }
    while (this.take(',')) {
      if (this.peek('}')) {
        break;
      }
      this.value(depth + 1);
      if (isDict) {
        this.must(':');
        this.value(depth + 1);
      }
    }
    this.must('}');
    return isDict ? 'dict' : 'set';
  }

  private items(close: string, depth: number): { count: number; kind: LiteralKind; comma: boolean } {
    this.place++;
    let [count, comma] = [0, false];
    let kind: LiteralKind = 'None';
    while (!this.peek(close)) {
      if (count && !comma) {
        throw new NotLiteral(this.place);
      }
      kind = this.value(depth + 1);
      count++;
      comma = this.take(',');
    }
    this.must(close);
    return { count, kind, comma };
  }

  private another(pattern: RegExp): boolean {
    const place = this.place;
    this.space();
    if (this.match(pattern, true) === null) {
      this.place = place;
      return false;
    }
    return true;
  }

  private match(pattern: RegExp, move: boolean): string | null {
    pattern.lastIndex = this.place;
    const found = pattern.exec(this.text)?.[0];
    if (found && move) {
      this.place += found.length;
    }
    return found || null;
  }

  private must(sign: string): void {
    if (!this.take(sign)) {
      throw new NotLiteral(this.place);
    }
  }

  private peek(sign: string): boolean {
    this.space();
    return this.text[this.place] === sign;
  }

  private space(): void {
    SPACE.lastIndex = this.place;
    this.place += SPACE.exec(this.text)?.[0].length ?? 0;
  }

  private take(sign: string): boolean {
    const found = this.peek(sign);
    this.place += found ? sign.length : 0;
    return found;
  }

  private place = 0;
}
