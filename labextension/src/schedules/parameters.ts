// The parameters that a schedule gives: read where they are declared, and filled with what it gave before.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IParameter } from '../api';
import type { IDeclared, Parameters } from '../rest';
import { FormModel, IEntry, IField, readEntry } from '../run/form';
import { literalKind } from '../run/literal';

/** As a definition declares it; of its default there is the text alone. */
export function parameterOf(declared: IDeclared): IParameter {
  return {
    name: declared.name,
    annotation: declared.annotation,
    default: sampleOf(declared.default),
    default_text: declared.default,
    comment: declared.comment,
    choices: null,
    cell: 0,
    line: 0,
    secret: false
  };
}

/** A form in which these values stand; what it cannot show is in `left`, and stays as it is. */
export function filledForm(
  parameters: readonly IParameter[],
  given: Parameters,
  trans: TranslationBundle
): { readonly form: FormModel; readonly left: Parameters } {
  const form = new FormModel(parameters, trans);
  const left: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const field = form.fields.find(each => each.name === name);
    const entry = field ? entryFor(field, value, trans) : null;
    if (entry) {
      form.set(name, entry);
    } else {
      left[name] = value;
    }
  }
  return { form, left };
}

/** What was typed in one form, for the fields of the same name in another. */
export function carryOver(from: FormModel, to: FormModel): void {
  for (const field of to.fields) {
    if (from.fields.some(each => each.name === field.name) && from.isChanged(field.name)) {
      to.set(field.name, from.entry(field.name));
    }
  }
}

/** What would have been typed for a value; null where nothing gives that very value. */
export function entryFor(field: IField, value: unknown, trans: TranslationBundle): IEntry | null {
  if (value === null) {
    return field.type.optional ? { mode: 'none', text: '' } : null;
  }
  const secret = secretOf(value);
  if (secret !== null) {
    return { mode: 'secret', text: secret };
  }
  return textsFor(value, field).find(entry => gives(field, entry, value, trans)) ?? null;
}

function textsFor(value: unknown, field: IField): readonly IEntry[] {
  const texts = typeof value === 'boolean' ? [value ? 'True' : 'False'] : [];
  texts.push(typeof value === 'string' ? value : JSON.stringify(value), JSON.stringify(value));
  return [...texts, ...field.type.choices].map(text => ({ mode: 'value', text }));
}

function gives(field: IField, entry: IEntry, value: unknown, trans: TranslationBundle): boolean {
  const reading = readEntry(field, entry, trans);
  if (!('value' in reading)) {
    return false;
  }
  const isLiteral = field.type.kind === 'literal' && typeof value !== 'string'; // it is sent as it is written
  return isLiteral
    ? entry.text === JSON.stringify(value)
    : JSON.stringify(reading.value) === JSON.stringify(value);
}

function secretOf(value: unknown): string | null {
  const found = value as { secret?: unknown } | null;
  const isOne = typeof value === 'object' && found !== null && Object.keys(found).length === 1;
  return isOne && typeof found.secret === 'string' ? found.secret : null;
}

/** A value of the kind that the text is of: it says what kind of field there is to be. */
function sampleOf(text: string): unknown {
  let kind = '';
  try {
    kind = literalKind(text);
  } catch {
    return null; // it is computed
  }
  const samples: Readonly<Record<string, unknown>> = {
    bool: true,
    str: '',
    number: 0,
    list: [],
    tuple: [],
    set: []
  };
  return samples[kind] ?? null;
}
