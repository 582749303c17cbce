// What kind of field a parameter's annotation asks for. The server decides whether a value fits; this is for the form.

export type Kind = 'bool' | 'int' | 'float' | 'str' | 'date' | 'datetime' | 'choice' | 'literal' | 'any';

/** `containers`: of what kinds a literal may be, as Python names them; empty: any. */
export interface IType {
  readonly kind: Kind;
  readonly optional: boolean;
  readonly choices: readonly string[]; // as Python writes them
  readonly containers: readonly string[];
}

const PLAIN: Readonly<Record<string, Kind>> = {
  bool: 'bool',
  int: 'int',
  float: 'float',
  str: 'str',
  date: 'date',
  datetime: 'datetime',
  Any: 'any',
  object: 'any'
};
const CONTAINERS: Readonly<Record<string, string>> = {
  list: 'list',
  List: 'list',
  Sequence: 'list',
  Iterable: 'list',
  Collection: 'list',
  tuple: 'list',
  Tuple: 'list',
  set: 'list',
  Set: 'list',
  frozenset: 'list',
  FrozenSet: 'list',
  dict: 'dict',
  Dict: 'dict',
  Mapping: 'dict',
  MutableMapping: 'dict'
};
const WRAPPED = ['Final', 'Annotated', 'ClassVar'];

/** `defaultKind` is the type of the default, which counts where the annotation says nothing. */
export function typeOf(annotation: string, defaultKind = ''): IType {
  const parts = unionOf(annotation.trim());
  const optional = parts.includes('None');
  const rest = parts.filter(part => part !== 'None');
  const found = rest.length === 1 ? single(rest[0]!) : rest.length > 1 ? several(rest) : null;
  if (found !== null) {
    return { ...found, optional: optional || found.optional };
  }
  const guessed = defaultKind ? single(defaultKind) : null;
  return { ...(guessed ?? made('any')), optional };
}

function made(kind: Kind, more: Partial<IType> = {}): IType {
  return { kind, optional: false, choices: [], containers: [], ...more };
}

function single(text: string): IType | null {
  const quoted = /^(['"])(.*)\1$/s.exec(text);
  if (quoted) {
    return typeOf(quoted[2]!);
  }
  const [, name = '', inner = ''] = /^([\w.]+)\s*(?:\[(.*)\])?$/s.exec(text) ?? [];
  const last = name.split('.').pop()!;
  if (last === 'Literal') {
    return made('choice', {
      choices: split(inner, ',').filter(each => each !== 'None'),
      optional: split(inner, ',').includes('None')
    });
  }
  if (WRAPPED.includes(last) && inner) {
    return typeOf(split(inner, ',')[0]!);
  }
  if (CONTAINERS[last]) {
    return made('literal', { containers: [CONTAINERS[last]] });
  }
  return PLAIN[last] ? made(PLAIN[last]) : null;
}

/** Of a union only numbers are sure to be one field; else a text that Python would read. */
function several(parts: readonly string[]): IType | null {
  const kinds = parts.map(part => single(part));
  if (kinds.some(kind => kind === null)) {
    return made('any');
  }
  const names = kinds.map(kind => kind!.kind);
  if (names.every(name => name === 'int' || name === 'float')) {
    return made('float');
  }
  if (names.every(name => name === 'choice')) {
    return made('choice', { choices: kinds.flatMap(kind => kind!.choices) });
  }
  if (names.every(name => name === 'literal')) {
    return made('literal', { containers: kinds.flatMap(kind => kind!.containers) });
  }
  return made('any');
}

/** The parts of a union, Optional and Union taken apart. */
function unionOf(annotation: string): string[] {
  const inside = /^(?:typing\.)?(Optional|Union)\s*\[(.*)\]$/s.exec(annotation);
  if (inside) {
    const parts = split(inside[2]!, ',').flatMap(unionOf);
    return inside[1] === 'Optional' ? [...parts, 'None'] : parts;
  }
  const parts = split(annotation, '|');
  return parts.length > 1 ? parts.flatMap(unionOf) : parts;
}

/** At a sign that is in no bracket and no string. */
export function split(text: string, sign: string): string[] {
  const parts: string[] = [];
  let [depth, quote, start] = [0, '', 0];
  for (let place = 0; place < text.length; place++) {
    const at = text[place]!;
    if (quote) {
      place += at === '\\' ? 1 : 0;
      quote = at === quote ? '' : quote;
    } else if (at === '"' || at === "'") {
      quote = at;
    } else if (at === sign && depth === 0) {
      parts.push(text.slice(start, place).trim());
      start = place + 1;
    } else {
      depth += '[({'.includes(at) ? 1 : '])}'.includes(at) ? -1 : 0;
    }
  }
  return [...parts, text.slice(start).trim()].filter(part => part !== '');
}
