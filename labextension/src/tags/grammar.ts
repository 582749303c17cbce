// The grammar of tags, as nb2prod/notebooks/tags.py reads it: ours, Kale's beside it, other tools' left alone.

import type { ReadonlyJSONObject, ReadonlyJSONValue } from '@lumino/coreutils';

import { nameOrNull } from './names';
import type { OptionName } from './options';

export type Kind = 'parameters' | 'imports' | 'functions' | 'skip';
export type Flag = 'metrics' | 'inference';
export const KINDS: readonly Kind[] = ['parameters', 'imports', 'functions', 'skip'];
export const FLAGS: readonly Flag[] = ['metrics', 'inference'];

const KIND_TAGS = new Map<string, Kind>([
  ...KINDS.map(kind => [kind, kind] as const),
  ['pipeline-parameters', 'parameters'],
  ['injected-parameters', 'parameters']
]);
const FLAG_TAGS = new Map<string, Flag>([
  ['metrics', 'metrics'],
  ['pipeline-metrics', 'metrics'],
  ['inference', 'inference']
]);

/** What a tag means; null for a tag that is none of ours, nor of Kale's that we read. */
export type Meaning =
  | { readonly is: 'kind'; readonly kind: Kind }
  | { readonly is: 'flag'; readonly flag: Flag }
  | { readonly is: 'step' | 'prev'; readonly prefix: string; readonly words: string }
  | { readonly is: 'policy'; readonly option: OptionName; readonly value: ReadonlyJSONValue };

export function meaningOf(tag: string): Meaning | null {
  const kind = KIND_TAGS.get(tag);
  const flag = FLAG_TAGS.get(tag);
  if (kind) {
    return { is: 'kind', kind };
  }
  if (flag) {
    return { is: 'flag', flag };
  }
  const colon = tag.indexOf(':');
  return colon < 0 ? null : ofPrefix(tag.slice(0, colon), tag.slice(colon + 1));
}

function ofPrefix(prefix: string, words: string): Meaning | null {
  switch (prefix) {
    case 'step':
    case 'block':
      return { is: 'step', prefix, words };
    case 'prev':
      return { is: 'prev', prefix, words };
    case 'limit':
      return limitOf(words);
    case 'cache':
    case 'enable_caching':
      return policy('cache', ['enabled', 'true', 'on'].includes(words.toLowerCase()));
    case 'retry':
    case 'retry_count':
      return policy('retries', wholeOf(words));
    case 'timeout':
      return policy('timeout', wholeOf(words));
    default:
      return null;
  }
}

function limitOf(words: string): Meaning | null {
  const colon = words.indexOf(':');
  const resource = colon < 0 ? words : words.slice(0, colon);
  const amount = colon < 0 ? '' : words.slice(colon + 1);
  if (resource === 'cpu' || resource === 'memory') {
    return policy(resource, amount);
  }
  return resource.endsWith('gpu') ? policy('gpu', wholeOf(amount)) : null;
}

function policy(option: OptionName, value: ReadonlyJSONValue): Meaning {
  return { is: 'policy', option, value };
}

/** A number where there is one; else the text, which no option accepts. */
function wholeOf(text: string): number | string {
  return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : text;
}

/** A cell as far as tags go. `own` is the metadata under our key; `unreadable`: its tags are no list of texts. */
export interface ICell {
  readonly id: string;
  readonly isCode: boolean;
  readonly tags: readonly string[];
  readonly own: ReadonlyJSONObject;
  readonly unreadable?: boolean;
}

/** What the tags of one cell say together; `kind` is null for a cell that follows the step before it. */
export interface IReading {
  readonly kind: Kind | 'step' | null;
  /** The words after `step:`, as they are written. */
  readonly words: string | null;
  /** The step's identifier; null also when the words can be none. */
  readonly step: string | null;
  readonly flags: ReadonlySet<Flag>;
  readonly policy: ReadonlyMap<OptionName, ReadonlyJSONValue>;
  /** Tags that contradict each other. */
  readonly contradictions: readonly string[];
}

export function read(tags: readonly string[]): IReading {
  const meanings = tags.map(tag => [tag, meaningOf(tag)] as const);
  const kinds = meanings.filter(([, meaning]) => meaning?.is === 'kind');
  const steps = meanings.filter(([, meaning]) => meaning?.is === 'step');
  const flags = meanings.filter(([, meaning]) => meaning?.is === 'flag');
  const words = steps[0] ? (steps[0][1] as { words: string }).words : null;
  return {
    kind: kinds[0] ? (kinds[0][1] as { kind: Kind }).kind : steps.length ? 'step' : null,
    words,
    step: words === null ? null : nameOrNull(words),
    flags: new Set(flags.map(([, meaning]) => (meaning as { flag: Flag }).flag)),
    policy: new Map(
      meanings.flatMap(([, meaning]) => (meaning?.is === 'policy' ? [[meaning.option, meaning.value]] : []))
    ),
    contradictions: contradictions(kinds, steps, flags)
  };
}

type Read = readonly (readonly [string, Meaning | null])[];

function contradictions(kinds: Read, steps: Read, flags: Read): string[] {
  const manyKinds = new Set(kinds.map(([, meaning]) => (meaning as { kind: Kind }).kind)).size > 1;
  const manySteps = new Set(steps.map(([, meaning]) => (meaning as { words: string }).words)).size > 1;
  const mixed = kinds.length > 0 && steps.length + flags.length > 0;
  if (!manyKinds && !manySteps && !mixed) {
    return [];
  }
  return [...kinds, ...steps, ...(mixed ? flags : [])].map(([tag]) => tag);
}
