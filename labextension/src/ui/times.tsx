// Times as the reader's locale writes them. Relative ones draw themselves again, and nothing around them.

import * as React from 'react';

import { ownZone } from './zones';

const EVERY = 10_000; // milliseconds
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1]
];
const waiting = new Set<() => void>();
let timer = 0;

/** "in 5 minutes", "3 hours ago"; a date when that is more than a week away. */
export function relativeTime(moment: string, now: number, locale?: string): string {
  const seconds = Math.round((Date.parse(moment) - now) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  if (Math.abs(seconds) > 7 * 86_400) {
    return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(Date.parse(moment));
  }
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

/** Within half a year, so that the year goes without saying. */
function isNear(moment: string): boolean {
  return Math.abs(Date.parse(moment) - Date.now()) < 180 * 86_400_000;
}

/** Weekday, date and time of day in a zone. */
export function shortTime(moment: string, zone = ownZone(), locale?: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(isNear(moment) ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit'
  }).format(Date.parse(moment));
}

/** All of it, with the zone. */
export function fullTime(moment: string, zone = ownZone(), locale?: string): string {
  const text = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    dateStyle: 'full',
    timeStyle: 'long'
  }).format(Date.parse(moment));
  return `${text} (${zone})`;
}

/** "4.2 s", "3 min 5 s", "2 h 14 min". */
export function tookTime(seconds: number, locale?: string): string {
  const unit = (value: number, name: string, digits = 0) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits
    }).format(value);
  if (seconds < 59.5) {
    return unit(seconds, 'second', seconds < 9.95 ? 1 : 0);
  }
  const whole = Math.round(seconds);
  if (whole < 3600) {
    return `${unit(Math.floor(whole / 60), 'minute')} ${unit(whole % 60, 'second')}`;
  }
  return `${unit(Math.floor(whole / 3600), 'hour')} ${unit(Math.floor((whole % 3600) / 60), 'minute')}`;
}

/** Draws again every ten seconds while it is on the screen. */
export function useNow(): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const draw = () => setNow(Date.now());
    waiting.add(draw);
    timer ||= window.setInterval(() => document.hidden || waiting.forEach(each => each()), EVERY);
    return () => {
      waiting.delete(draw);
      if (waiting.size === 0) {
        window.clearInterval(timer);
        timer = 0;
      }
    };
  }, []);
  return now;
}

/** How long ago or ahead; the whole time in its title. */
export function RelativeTime(props: { readonly at: string; readonly zone?: string }): JSX.Element {
  const now = useNow();
  return (
    <time dateTime={props.at} title={fullTime(props.at, props.zone)}>
      {relativeTime(props.at, now)}
    </time>
  );
}

/** A time of day; the whole time in its title. */
export function AbsoluteTime(props: { readonly at: string; readonly zone?: string }): JSX.Element {
  return (
    <time dateTime={props.at} title={fullTime(props.at, props.zone)}>
      {shortTime(props.at, props.zone)}
    </time>
  );
}

/** Of something that goes on, until now. */
export function Took(props: { readonly from: string | null; readonly until: string | null }): JSX.Element {
  return props.from && !props.until ? <Going from={props.from} /> : <>{spanOf(props.from, props.until)}</>;
}

function Going(props: { readonly from: string }): JSX.Element {
  const now = useNow();
  return <>{tookTime(Math.max(0, (now - Date.parse(props.from)) / 1000))}</>;
}

function spanOf(from: string | null, until: string | null): string {
  return from && until ? tookTime(Math.max(0, (Date.parse(until) - Date.parse(from)) / 1000)) : '';
}
