// The form of parameters: a field for each, what stands in it, and the values that are sent. It knows no widgets.
//
// What nobody changed is not sent: the notebook's own default holds then.

import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import type { IParameter, IProblem } from '../api';
import type { Parameters } from '../rest';
import { literalKind, NotLiteral } from './literal';
import { IType, typeOf } from './types';

export interface IField {
  readonly name: string;
  readonly type: IType;
  readonly annotation: string;
  readonly help: string;
  readonly defaultText: string; // as Python writes it; '' when it must be given
  readonly isRequired: boolean;
  readonly isSecret: boolean; // its value should not be seen
}

/** `none`: None is given; `secret`: the text says where the value is looked up. */
export interface IEntry {
  readonly mode: 'value' | 'none' | 'secret';
  readonly text: string;
}

export type Reading = { readonly value: unknown } | { readonly error: string };

const INTEGER = /^[+-]?\d(?:_?\d)*$/;
const FLOAT =
  /^[+-]?(?:(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d+)?|inf|infinity|nan)$/i;
const SECRET = /^(?:env:[^=\0]+|file:[^\0]+|keyring:[^/\0]+\/[^\0]+)$/;
const TRUE = 'True';

export function fieldOf(parameter: IParameter): IField {
  const kind = parameter.default === null ? '' : pythonKind(parameter.default, parameter.default_text);
  return {
    name: parameter.name,
    type: typeOf(parameter.annotation, kind),
    annotation: parameter.annotation,
    help: parameter.comment,
    defaultText: parameter.default_text,
    isRequired: parameter.default_text === '',
    isSecret: parameter.secret
  };
}

/** What stands in a field at first: its default, where that is a value and not computed. */
export function entryOf(field: IField): IEntry {
  const text = field.defaultText;
  if (field.isSecret) {
    return { mode: 'value', text: '' }; // a secret's default is not shown
  }
  if (text === 'None') {
    return { mode: field.type.optional ? 'none' : 'value', text: '' };
  }
  if (!isLiteral(text)) {
    return { mode: 'value', text: '' };
  }
  const plain = field.type.kind === 'str' || field.type.kind === 'date' || field.type.kind === 'datetime';
  return { mode: 'value', text: plain ? unquoted(text) : text };
}

/** The value of a field as JSON, or why there is none. */
export function readEntry(field: IField, entry: IEntry, trans: TranslationBundle): Reading {
  if (entry.mode === 'none') {
    return { value: null };
  }
  if (entry.mode === 'secret') {
    return SECRET.test(entry.text.trim())
      ? { value: { secret: entry.text.trim() } }
      : { error: trans.__('Say where it is: env:NAME, file:/path or keyring:SERVICE/USER.') };
  }
  const text = entry.text.trim();
  switch (field.type.kind) {
    case 'bool':
      return { value: text === TRUE };
    case 'int':
      return INTEGER.test(text)
        ? { value: integer(text) }
        : { error: trans.__('This must be a whole number.') };
    case 'float':
      return FLOAT.test(text) ? { value: decimal(text) } : { error: trans.__('This must be a number.') };
    case 'choice':
      return field.type.choices.includes(text)
        ? { value: chosen(text) }
        : { error: trans.__('Choose one of %1.', field.type.choices.join(', ')) };
    case 'date':
    case 'datetime':
      return Number.isNaN(Date.parse(text))
        ? { error: trans.__('This must be a date, as 2026-01-31.') }
        : { value: text };
    case 'literal':
      return readLiteral(field, text, trans);
    case 'any':
      return { value: anything(entry.text) };
  }
  return { value: entry.text };
}

function readLiteral(field: IField, text: string, trans: TranslationBundle): Reading {
  const wanted = field.type.containers;
  try {
    const kind = literalKind(text);
    const family = kind === 'dict' ? 'dict' : ['list', 'tuple', 'set'].includes(kind) ? 'list' : '';
    if (!wanted.length || wanted.includes(family)) {
      return { value: text }; // the server reads it by the annotation
    }
  } catch (error) {
    if (!(error instanceof NotLiteral)) {
      throw error;
    }
    if (text) {
      return {
        error: trans.__('This is neither JSON nor a Python literal, from character %1 on.', error.at + 1)
      };
    }
  }
  return {
    error: wanted.includes('dict')
      ? trans.__('Write a dictionary, as {"a": 1}.')
      : trans.__('Write a list, as [1, 2].')
  };
}

/** The fields of a notebook's or a project's parameters, with what the user made of them. */
export class FormModel {
  constructor(
    parameters: readonly IParameter[],
    private readonly trans: TranslationBundle
  ) {
    this.fields = parameters.map(fieldOf);
    this.initial = new Map(this.fields.map(field => [field.name, entryOf(field)]));
    this.entries = new Map(this.initial);
  }

  readonly fields: readonly IField[];

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  entry(name: string): IEntry {
    return this.entries.get(name) ?? { mode: 'value', text: '' };
  }

  set(name: string, entry: Partial<IEntry>): void {
    this.entries.set(name, { ...this.entry(name), ...entry });
    this.refused.delete(name);
    this.signal.emit();
  }

  reset(name: string): void {
    this.set(name, this.initial.get(name)!);
  }

  /** Whether it differs from the default, and so is sent. */
  isChanged(name: string): boolean {
    const [now, first] = [this.entry(name), this.initial.get(name)];
    return now.mode !== first?.mode || (now.mode !== 'none' && now.text !== first.text);
  }

  /** What is wrong with a field: what the server said, else what can be seen here; '' when nothing is. */
  error(name: string): string {
    const field = this.fields.find(each => each.name === name);
    const refused = this.refused.get(name);
    if (refused || !field) {
      return refused ?? '';
    }
    if (!this.isChanged(name)) {
      return field.isRequired ? this.trans.__('This must be given: it has no default.') : '';
    }
    const reading = readEntry(field, this.entry(name), this.trans);
    return 'error' in reading ? reading.error : '';
  }

  get isValid(): boolean {
    return this.fields.every(field => this.error(field.name) === '');
  }

  /** What is sent. */
  values(): Parameters {
    const sent: Record<string, unknown> = {};
    for (const field of this.fields.filter(each => this.isChanged(each.name))) {
      const reading = readEntry(field, this.entry(field.name), this.trans);
      if ('value' in reading) {
        sent[field.name] = reading.value;
      }
    }
    return sent;
  }

  /** Put what the server refused beside its fields; what comes back has no field here. */
  refuse(problem: IProblem): readonly string[] {
    const known = new Set(this.fields.map(field => field.name));
    const rest: string[] = [];
    for (const { path, message } of problem.errors) {
      const name = path.startsWith('parameters.') ? path.slice('parameters.'.length) : '';
      if (known.has(name)) {
        this.refused.set(name, message);
      } else {
        rest.push(message);
      }
    }
    this.signal.emit();
    return rest;
  }

  private readonly entries: Map<string, IEntry>;
  private readonly initial: ReadonlyMap<string, IEntry>;
  private readonly refused = new Map<string, string>();
  private readonly signal = new Signal<this, void>(this);
}

function pythonKind(value: unknown, text: string): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'str';
    case 'number':
      return /^[+-]?[\d_]+$/.test(text) ? 'int' : 'float';
  }
  return Array.isArray(value) ? 'list' : isLiteral(text) && literalKind(text) === 'dict' ? 'dict' : '';
}

function isLiteral(text: string): boolean {
  try {
    literalKind(text);
    return true;
  } catch {
    return false;
  }
}

/** The text that a simple Python string stands for; one that is not simple stays as it is written. */
function unquoted(text: string): string {
  const found = /^(['"])((?:[^\\\n]|\\['"\\nt])*)\1$/.exec(text);
  const signs: Readonly<Record<string, string>> = { n: '\n', t: '\t' };
  return found ? found[2]!.replace(/\\(.)/g, (_, sign: string) => signs[sign] ?? sign) : text;
}

/** Numbers that JavaScript would round go as text, which the server reads by the annotation. */
function integer(text: string): unknown {
  const value = Number(text.replace(/_/g, ''));
  return Number.isSafeInteger(value) ? value : text;
}

function decimal(text: string): unknown {
  const value = Number(text.replace(/_/g, ''));
  return Number.isFinite(value) ? value : text;
}

function chosen(text: string): unknown {
  const kind = literalKind(text);
  if (kind === 'bool') {
    return text === TRUE;
  }
  return kind === 'str' ? unquoted(text) : kind === 'number' ? decimal(text) : text;
}

function anything(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
