// The options of a step, checked as nb2prod/notebooks/options.py does, and as people type them.

import type { ReadonlyJSONValue } from '@lumino/coreutils';

export type OptionName = 'retries' | 'timeout' | 'cache' | 'cpu' | 'memory' | 'gpu';
export const OPTION_NAMES: readonly OptionName[] = ['retries', 'timeout', 'cache', 'cpu', 'memory', 'gpu'];

const ENDLESS = 1e15; // seconds or cores; what is more has no meaning

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40
};

const isWhole = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isPositive = (value: unknown) => typeof value === 'number' && value > 0 && value < ENDLESS;

function isCores(value: unknown): boolean {
  if (typeof value === 'string' && /^\d{1,15}m$/.test(value)) {
    return isPositive(Number(value.slice(0, -1)) / 1000);
  }
  return isPositive(
    typeof value === 'string' && /^\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value
  );
}

function isSize(value: unknown): boolean {
  if (typeof value !== 'string') {
    return isWhole(value) && value !== 0;
  }
  const found = /^(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]i?)?b?$/.exec(value.trim().toLowerCase());
  return found !== null && Number(found[1]) * UNITS[found[2] ?? '']! >= 1;
}

const CHECKS: Readonly<Record<OptionName, (value: unknown) => boolean>> = {
  retries: isWhole,
  timeout: isPositive,
  cache: value => typeof value === 'boolean',
  cpu: isCores,
  memory: isSize,
  gpu: isWhole
};

/** Whether the server takes the value; null is as if it were not there. */
export function isValid(name: OptionName, value: unknown): boolean {
  return value === null || CHECKS[name](value);
}

/** What a person typed, as the value to be written; undefined for nothing, and null for what is refused. */
export function valueOf(name: OptionName, typed: string): ReadonlyJSONValue | undefined {
  const text = typed.trim();
  if (!text) {
    return undefined;
  }
  const value = name === 'cache' ? switchOf(text) : numberOr(text);
  return isValid(name, value) ? value : null;
}

function switchOf(text: string): boolean | string {
  return text === 'true' || (text === 'false' ? false : text);
}

function numberOr(text: string): number | string {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}
