// Durations and sizes as people write them: 90, 15m, 2h; 512MB, 2 GiB. '' is none.

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };
const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kb: 1e3,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 1e6,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 1e9,
  gib: 2 ** 30,
  t: 2 ** 40,
  tb: 1e12,
  tib: 2 ** 40
};

/** Null for '', undefined for what cannot be read. */
export function readSeconds(text: string): number | null | undefined {
  return readAmount(text, SECONDS);
}

export function readBytes(text: string): number | null | undefined {
  const found = readAmount(text, BYTES);
  return typeof found === 'number' ? Math.round(found) : found;
}

export function readCount(text: string, smallest: number, largest: number): number | undefined {
  const value = Number(text.trim());
  return /^[+-]?\d+$/.test(text.trim()) && value >= smallest && value <= largest ? value : undefined;
}

function readAmount(text: string, units: Readonly<Record<string, number>>): number | null | undefined {
  if (text.trim() === '') {
    return null;
  }
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const size = units[unit.toLowerCase()];
  const found = Number(amount) * (size ?? NaN);
  return amount && found > 0 ? found : undefined;
}
