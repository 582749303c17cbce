import { describe, expect, it } from 'vitest';

import { fullTime, relativeTime, tookTime } from '../src/ui/times';
import { allZones, momentOf, wallOf } from '../src/ui/zones';

const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('times', () => {
  it.each([
    ['2026-03-01T12:00:30Z', 'in 30 seconds'],
    ['2026-03-01T11:00:00Z', '1 hour ago'],
    ['2026-03-02T13:00:00Z', 'tomorrow'],
    ['2026-03-31T13:00:00Z', 'Mar 31, 2026']
  ])('%s is %s', (moment, told) => {
    expect(relativeTime(moment, NOW, 'en-US')).toBe(told);
  });

  it('are told in full with their zone', () => {
    expect(fullTime('2026-07-01T04:00:00Z', 'Europe/Berlin', 'en-US')).toMatch(
      /^Wednesday, July 1, 2026.* 6:00:00.*\(Europe\/Berlin\)$/
    );
  });

  it.each([
    [4.21, '4.2 sec'],
    [59.7, '1 min 0 sec'],
    [3600, '1 hr 0 min'],
    [8040, '2 hr 14 min']
  ])('%f seconds took %s', (seconds, told) => {
    expect(tookTime(seconds, 'en-US')).toBe(told);
  });
});

describe('time zones', () => {
  it.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/New_York', 'Pacific/Chatham'])(
    'a clock’s reading in %s is a moment and back',
    zone => {
      for (const wall of ['2026-01-15T00:00', '2026-07-15T23:59', '2024-02-29T12:30']) {
        expect(wallOf(momentOf(wall, zone), zone)).toBe(wall);
      }
    }
  );

  it('there are hours that no clock shows, and hours that come twice', () => {
    expect(momentOf('2026-03-29T02:30', 'Europe/Berlin')).toBe(null);
    expect(momentOf('2026-10-25T02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
    expect(momentOf('', 'UTC')).toBe(null);
  });

  it('are those of the browser, UTC first', () => {
    expect([allZones()[0], allZones().includes('Europe/Berlin')]).toEqual(['UTC', true]);
  });
});
