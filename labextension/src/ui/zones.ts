// Time zones: which there are, and a clock's reading in one of them as a moment and back.

/** The reader's own. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** All that the browser knows, UTC first. */
export function allZones(): readonly string[] {
  const known = Intl.supportedValuesOf?.('timeZone') ?? [ownZone()];
  return ['UTC', ...known.filter(zone => zone !== 'UTC')];
}

/** 2030-01-31T06:00 as clocks in the zone show it; what a datetime-local field holds. */
export function wallOf(moment: string | null, zone: string): string {
  if (!moment) {
    return '';
  }
  const date = new Date(moment);
  return new Date(date.getTime() + offsetAt(date.getTime(), zone)).toISOString().slice(0, 16);
}

/** The moment at which clocks in the zone show this; null where they never do, and the first of two. */
export function momentOf(wall: string, zone: string): string | null {
  const shown = Date.parse(`${wall}Z`);
  if (Number.isNaN(shown)) {
    return null;
  }
  // the offset is that of a moment which is not known yet; it is one of those a day before and after
  const found = [-86_400_000, 86_400_000]
    .map(away => shown - offsetAt(shown + away, zone))
    .filter(moment => moment + offsetAt(moment, zone) === shown);
  return found.length ? new Date(Math.min(...found)).toISOString() : null;
}

/** Milliseconds that clocks in the zone are ahead of UTC then. */
function offsetAt(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric'
  }).formatToParts(moment);
  const of = (type: string) => Number(parts.find(part => part.type === type)?.value);
  const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return shown - Math.floor(moment / 1000) * 1000;
}
