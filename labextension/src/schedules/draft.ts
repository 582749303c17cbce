// A schedule as it is typed, and the order that comes of it. Nothing that is typed is lost on the way.

import type {
  Ending,
  IDefinitionOrder,
  ISchedule,
  IScheduleOrder,
  Misfire,
  Overlap,
  Trigger,
  TriggerKind
} from '../jobs';
import type { IDefinition } from '../rest';
import { momentOf, wallOf } from '../ui/zones';

export const UNITS = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;

/** What shall run: a notebook or a project as it is now, the latest version of a definition, or what ran before. */
export type Source = 'notebook' | 'pipeline' | 'definition' | 'kept';

/** Fields hold what was typed; times are as clocks in `timezone` show them. Memory is in MiB. */
export interface IDraft {
  readonly source: Source;
  readonly path: string;
  readonly definition: string;
  readonly name: string;
  readonly kind: TriggerKind;
  readonly expression: string;
  readonly timezone: string;
  readonly every: string;
  readonly unit: Unit;
  readonly anchor: string;
  readonly at: string;
  readonly after: string;
  readonly on: Ending;
  readonly url: string;
  readonly settle: string;
  readonly parameter: string;
  readonly misfire: Misfire;
  readonly overlap: Overlap;
  readonly paused: boolean;
  readonly grace: string;
  readonly jitter: string;
  readonly priority: string;
  readonly startAt: string;
  readonly endAt: string;
  readonly limits: {
    readonly run: string;
    readonly cell: string;
    readonly memory: string;
    readonly cpus: string;
  };
  readonly retry: {
    readonly limit: string;
    readonly delay: string;
    readonly factor: string;
    readonly maximum: string;
  };
}

/** What cannot be sent, by the path of its field as the server calls it. */
export type Faults = ReadonlyMap<string, string>;

/** What is wrong with what was typed before a server was asked, in words of the reader's language. */
export interface IWords {
  readonly number: string;
  readonly time: (zone: string) => string;
  readonly missing: string;
}

export function emptyDraft(timezone: string): IDraft {
  return {
    source: 'notebook',
    path: '',
    definition: '',
    name: '',
    kind: 'cron',
    expression: '0 6 * * 1-5',
    timezone,
    every: '1',
    unit: 'hours',
    anchor: '',
    at: '',
    after: '',
    on: 'completed',
    url: '',
    settle: '5',
    parameter: '',
    misfire: 'latest',
    overlap: 'skip',
    paused: false,
    grace: '60',
    jitter: '0',
    priority: '0',
    startAt: '',
    endAt: '',
    limits: { run: '', cell: '', memory: '', cpus: '' },
    retry: { limit: '0', delay: '30', factor: '2', maximum: '3600' }
  };
}

/** A draft that was kept as JSON; what is not as it should be has its usual value. */
export function keptDraft(kept: unknown, timezone: string): IDraft {
  return likeness(kept, emptyDraft(timezone));
}

function likeness<Kind extends object>(kept: unknown, usual: Kind): Kind {
  const given = (typeof kept === 'object' && kept !== null ? kept : {}) as Readonly<Record<string, unknown>>;
  const parts = Object.entries(usual).map(([name, value]) => {
    const found = given[name];
    if (typeof value === 'object') {
      return [name, likeness(found, value)];
    }
    return [name, typeof found === typeof value ? found : value];
  });
  return Object.fromEntries(parts) as Kind;
}

/** A schedule that there is, as it would have been typed. */
export function draftOf(schedule: ISchedule, definition: IDefinition, path: string, zone: string): IDraft {
  const trigger = schedule.trigger;
  const timezone = trigger.kind === 'cron' ? trigger.timezone : zone;
  return {
    ...emptyDraft(timezone),
    source: 'kept',
    path,
    definition: definition.name,
    name: schedule.name,
    ...fieldsOf(trigger, timezone),
    misfire: schedule.misfire,
    overlap: schedule.overlap,
    paused: schedule.paused,
    grace: String(schedule.grace),
    jitter: String(schedule.jitter),
    priority: String(schedule.priority),
    startAt: wallOf(schedule.start_at, timezone),
    endAt: wallOf(schedule.end_at, timezone),
    ...settingsFields(definition)
  };
}

/** The limits and retries of a definition, as they would have been typed. */
function settingsFields(definition: IDefinition): Pick<IDraft, 'limits' | 'retry'> {
  const { limits, retry } = definition.settings;
  const text = (value: number | null) => (value === null ? '' : String(value));
  return {
    limits: {
      run: text(limits.run),
      cell: text(limits.cell),
      memory: text(limits.memory === null ? null : limits.memory / 2 ** 20),
      cpus: text(limits.cpus)
    },
    retry: {
      limit: String(retry.limit),
      delay: String(retry.delay),
      factor: String(retry.factor),
      maximum: String(retry.maximum)
    }
  };
}

function fieldsOf(trigger: Trigger, timezone: string): Partial<IDraft> {
  switch (trigger.kind) {
    case 'cron':
      return { kind: 'cron', expression: trigger.expression };
    case 'every':
      return {
        kind: 'every',
        ...lengthOf(trigger.seconds),
        anchor: wallOf(trigger.anchor ?? null, timezone)
      };
    case 'once':
      return { kind: 'once', at: wallOf(trigger.at, timezone) };
    case 'after':
      return { kind: 'after', after: trigger.schedule, on: trigger.on };
    case 'when':
      return { kind: 'when', url: trigger.url, settle: String(trigger.settle), parameter: trigger.parameter };
  }
}

function lengthOf(seconds: number): { every: string; unit: Unit } {
  const units: readonly Unit[] = ['days', 'hours', 'minutes'];
  const unit = units.find(each => seconds % UNITS[each] === 0) ?? 'seconds';
  return { every: String(seconds / UNITS[unit]), unit };
}

/** `before` is the schedule that is edited: what it has to the second stays where nobody touched it. */
export class Reading {
  constructor(
    private readonly draft: IDraft,
    private readonly words: IWords,
    private readonly before: ISchedule | null = null
  ) {}

  readonly faults = new Map<string, string>();

  /** Without the parameters, which are a form of their own. */
  schedule(definition: string): IScheduleOrder {
    const { draft, before } = this;
    return {
      name: draft.name.trim(),
      definition,
      trigger: this.trigger(),
      parameters: {},
      misfire: draft.misfire,
      overlap: draft.overlap,
      grace: this.number(draft.grace, 'grace', 60),
      priority: this.number(draft.priority, 'priority', 0),
      jitter: this.number(draft.jitter, 'jitter', 0),
      start_at: this.moment(draft.startAt, 'start_at', before?.start_at),
      end_at: this.moment(draft.endAt, 'end_at', before?.end_at),
      paused: draft.paused
    };
  }

  trigger(): Trigger {
    const { draft } = this;
    const was = this.before?.trigger;
    switch (draft.kind) {
      case 'cron':
        return { kind: 'cron', expression: draft.expression.trim(), timezone: draft.timezone };
      case 'every': {
        const anchor = this.moment(draft.anchor, 'trigger.anchor', was?.kind === 'every' ? was.anchor : null);
        const seconds = this.number(draft.every, 'trigger.seconds') * UNITS[draft.unit];
        return { kind: 'every', seconds, anchor };
      }
      case 'once': {
        if (!draft.at) {
          this.faults.set('trigger.at', this.words.missing);
        }
        return {
          kind: 'once',
          at: this.moment(draft.at, 'trigger.at', was?.kind === 'once' ? was.at : null) ?? ''
        };
      }
      case 'after':
        return { kind: 'after', schedule: draft.after.trim(), on: draft.on };
      case 'when': {
        const settle = this.number(draft.settle, 'trigger.settle', 5);
        return { kind: 'when', url: draft.url.trim(), settle, parameter: draft.parameter.trim() };
      }
    }
  }

  /** Of a notebook or a project as it is now; what the form does not show stays as it was. */
  settings(kept: IDefinitionOrder['settings'] = {}): IDefinitionOrder['settings'] {
    const { limits, retry } = this.draft;
    const limit = (text: string, name: string, size = 1) =>
      text.trim() ? Math.round(this.number(text, `settings.limits.${name}`) * size * 1000) / 1000 : null;
    return {
      ...kept,
      limits: {
        ...kept.limits,
        run: limit(limits.run, 'run'),
        cell: limit(limits.cell, 'cell'),
        memory: limit(limits.memory, 'memory', 2 ** 20),
        cpus: limit(limits.cpus, 'cpus')
      },
      retry: {
        ...kept.retry,
        limit: this.number(retry.limit, 'settings.retry.limit', 0),
        delay: this.number(retry.delay, 'settings.retry.delay', 30),
        factor: this.number(retry.factor, 'settings.retry.factor', 2),
        maximum: this.number(retry.maximum, 'settings.retry.maximum', 3600)
      }
    };
  }

  /** A field that is left empty has its usual value. */
  private number(text: string, path: string, usual?: number): number {
    const trimmed = text.trim();
    if (!trimmed && usual !== undefined) {
      return usual;
    }
    const value = Number(trimmed);
    if (!trimmed || !Number.isFinite(value)) {
      this.faults.set(path, this.words.number);
      return 0;
    }
    return value;
  }

  private moment(wall: string, path: string, was: string | null | undefined): string | null {
    if (!wall) {
      return null;
    }
    if (was && wallOf(was, this.draft.timezone) === wall) {
      return was;
    }
    const moment = momentOf(wall, this.draft.timezone);
    if (moment === null) {
      this.faults.set(path, this.words.time(this.draft.timezone));
    }
    return moment;
  }
}
