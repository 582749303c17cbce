import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import type { IParameter } from '../src/api';
import { FormModel } from '../src/run/form';
import { literalKind } from '../src/run/literal';
import { typeOf } from '../src/run/types';

const trans = nullTranslator.load('nb2prod');

function parameter(name: string, annotation: string, default_text: string, more: Partial<IParameter> = {}) {
  let value: unknown = { python: default_text };
  try {
    value = JSON.parse(default_text.replace(/'/g, '"').replace(/True/g, 'true').replace(/None/g, 'null'));
  } catch {
    // computed in the notebook
  }
  const place = { cell: 1, line: 1, comment: '', choices: null, secret: false };
  return { name, annotation, default: value, default_text, ...place, ...more };
}

function formOf(...parameters: IParameter[]): FormModel {
  return new FormModel(parameters, trans);
}

/** What is sent, or what is wrong, when a text is typed in. */
function typed(annotation: string, default_text: string, text: string): unknown {
  const form = formOf(parameter('x', annotation, default_text));
  form.set('x', { mode: 'value', text });
  return form.error('x') || form.values()['x'];
}

describe('the type of a field', () => {
  it.each([
    ['int', 'int', false],
    ['float | None', 'float', true],
    ['Optional[str]', 'str', true],
    ['Union[int, float]', 'float', false],
    ["Literal['a', 'b']", 'choice', false],
    ["Literal['a', None]", 'choice', true],
    ['datetime.date', 'date', false],
    ['list[int]', 'literal', false],
    ['dict[str, list[int]] | None', 'literal', true],
    ['Annotated[int, "of trees"]', 'int', false],
    ['"int | None"', 'int', true],
    ['int | str', 'any', false],
    ['MyClass', 'any', false],
    ['', 'any', false]
  ])('%s', (annotation, kind, optional) => {
    const found = typeOf(annotation);
    expect([found.kind, found.optional]).toEqual([kind, optional]);
  });

  it('is that of the default where the annotation says nothing', () => {
    const form = formOf(
      parameter('a', '', '3'),
      parameter('b', '', '0.5'),
      parameter('c', '', "'x'"),
      parameter('d', '', 'True')
    );
    expect(form.fields.map(field => field.type.kind)).toEqual(['int', 'float', 'str', 'bool']);
  });

  it('keeps commas and brackets in choices', () => {
    expect(typeOf('Literal["a, b", "c]", 3]').choices).toEqual(['"a, b"', '"c]"', '3']);
  });
});

describe('a literal', () => {
  it.each([
    ['[1, 2.5, "a"]', 'list'],
    ['{"a": [1, {"b": null}]}', 'dict'],
    ["{'a', 'b'}", 'set'],
    ['(1,)', 'tuple'],
    ['(1)', 'number'],
    ['()', 'tuple'],
    ['{}', 'dict'],
    ['-1_000e3', 'number'],
    ['"a" \'b\'', 'str'],
    ["b'x'", 'bytes'],
    ['[1, 2,]', 'list'],
    ['None', 'None']
  ])('%s', (text, kind) => expect(literalKind(text)).toBe(kind));

  it.each(['[1, 2', '[1 2]', '{"a": }', 'f(1)', '1 +', '', '[,]', '{1: 2, 3}', '"a'])('is not %s', text =>
    expect(() => literalKind(text)).toThrow()
  );

  it('does not overflow the stack', () =>
    expect(() => literalKind('['.repeat(100_000))).toThrow('not a literal'));
});

describe('a value', () => {
  it.each([
    ['int', '3', '42', 42],
    ['int', '3', '1_000', 1000],
    ['int', '3', '123456789012345678901', '123456789012345678901'],
    ['int', '3', '4.5', 'This must be a whole number.'],
    ['int', '3', '', 'This must be a whole number.'],
    ['float', '0.5', '1e-3', 0.001],
    ['float', '0.5', 'inf', 'inf'],
    ['float', '0.5', 'half', 'This must be a number.'],
    ['bool', 'True', 'False', false],
    ['str', "'a'", '', ''],
    ['str', "'a'", ' b ', ' b '],
    ["Literal['a', 'b']", "'a'", "'b'", 'b'],
    ['Literal[1, 2]', '1', '2', 2],
    ['Literal[1, 2]', '1', '3', 'Choose one of 1, 2.'],
    ['date', 'date(2026, 1, 1)', '2026-02-28', '2026-02-28'],
    ['date', 'date(2026, 1, 1)', 'soon', 'This must be a date, as 2026-01-31.'],
    ['list[int]', '[1]', '(1, 2)', '(1, 2)'],
    ['list[int]', '[1]', '{"a": 1}', 'Write a list, as [1, 2].'],
    ['dict', '{}', '[1]', 'Write a dictionary, as {"a": 1}.'],
    ['dict', '{}', '{"a": 1', 'This is neither JSON nor a Python literal, from character 8 on.'],
    ['Any', '1', '{"a": [1]}', { a: [1] }],
    ['Any', '1', 'plain', 'plain']
  ])('of %s (default %s): %s', (annotation, default_text, text, sent) =>
    expect(typed(annotation, default_text, text)).toEqual(sent)
  );
});

describe('the form', () => {
  it('shows defaults, and sends only what was changed', () => {
    const form = formOf(parameter('n', 'int', '3'), parameter('region', 'str', "'EU'"));
    expect([form.entry('n').text, form.entry('region').text, form.values()]).toEqual(['3', 'EU', {}]);
    form.set('region', { text: 'US' });
    expect([form.isValid, form.values()]).toEqual([true, { region: 'US' }]);
    form.reset('region');
    expect(form.values()).toEqual({});
  });

  it('wants what has no default', () => {
    const form = formOf(parameter('n', 'int', '', { default: null }));
    expect([form.isValid, form.error('n')]).toEqual([false, 'This must be given: it has no default.']);
    form.set('n', { text: '1' });
    expect([form.isValid, form.values()]).toEqual([true, { n: 1 }]);
  });

  it('leaves a computed default to the notebook', () => {
    const form = formOf(parameter('n', 'int', '2 * m'));
    expect([form.entry('n').text, form.isValid, form.values()]).toEqual(['', true, {}]);
  });

  it('gives None where that is allowed', () => {
    const form = formOf(parameter('n', 'int | None', '3'), parameter('m', 'int | None', 'None'));
    form.set('n', { mode: 'none' });
    form.set('m', { mode: 'value', text: '4' });
    expect(form.values()).toEqual({ n: null, m: 4 });
  });

  it('gives a secret by its reference, and never shows its default', () => {
    const form = formOf(parameter('password', 'str', "'hunter2'", { secret: true }));
    expect([form.entry('password').text, form.values()]).toEqual(['', {}]);
    form.set('password', { mode: 'secret', text: 'hunter2' });
    expect(form.error('password')).toContain('env:NAME');
    form.set('password', { text: 'env:DB_PASSWORD' });
    expect(form.values()).toEqual({ password: { secret: 'env:DB_PASSWORD' } });
  });

  it('shows what the server refused beside its field, until that is changed', () => {
    const form = formOf(parameter('n', 'int', '3'));
    form.set('n', { text: '4' });
    const errors = [
      { path: 'parameters.n', message: 'n is too large' },
      { path: 'settings.limits.memory', message: 'too much' }
    ];
    const rest = form.refuse({ title: '', status: 422, detail: '', errors });
    expect([form.error('n'), form.isValid, rest]).toEqual(['n is too large', false, ['too much']]);
    form.set('n', { text: '3' });
    expect(form.isValid).toBe(true);
  });
});
