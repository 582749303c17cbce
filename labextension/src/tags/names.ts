// A step's name as the server makes it of a person's words: nb2prod/source.py PythonName.of, nb2prod/notebooks/tags.py.

import type { TranslationBundle } from '@jupyterlab/translation';

/** Where untagged code before the first step goes. */
export const FIRST_STEP = 'setup';

const LONGEST = 100;
const NOT_IN_A_NAME = /[^\p{L}\p{N}_\s.,&/+-]/u;

// what Python has taken already, as far as it is lower case
const TAKEN = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield match case type ' +
    'abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex ' +
    'copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals ' +
    'hasattr hash help hex id input int isinstance issubclass iter len license list locals map max memoryview min next ' +
    'object oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str ' +
    'sum super tuple vars zip'
  ).split(' ')
);

export type Wrong =
  | { readonly reason: 'letter'; readonly letter: string }
  | { readonly reason: 'long'; readonly length: number }
  | { readonly reason: 'empty' };

/** The identifier that the words stand for, or why they stand for none. */
export function identifierOf(words: string): string | Wrong {
  const letter = NOT_IN_A_NAME.exec(words);
  if (letter) {
    return { reason: 'letter', letter: letter[0] };
  }
  const length = [...words].length;
  if (length > LONGEST) {
    return { reason: 'long', length };
  }
  const plain = words.normalize('NFKD').replace(/[^\x00-\x7f]/g, '');
  const name = plain
    .replace(/[^0-9a-zA-Z]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  if (!name) {
    return { reason: 'empty' };
  }
  const started = /^\d/.test(name) ? `step_${name}` : name;
  return TAKEN.has(started) ? `${started}_` : started;
}

/** The identifier, or null for words that stand for none. */
export function nameOrNull(words: string): string | null {
  const found = identifierOf(words);
  return typeof found === 'string' ? found : null;
}

/** Why these words cannot name a step, for people. */
export function sentenceOf(wrong: Wrong, trans: TranslationBundle): string {
  switch (wrong.reason) {
    case 'letter':
      return trans.__('A step’s name cannot hold “%1”. Use words like train_model.', wrong.letter);
    case 'long':
      return trans.__('A step’s name has at most %1 letters; this has %2.', LONGEST, wrong.length);
    case 'empty':
      return trans.__('A step’s name needs a letter or a digit, as in train_model.');
  }
}
