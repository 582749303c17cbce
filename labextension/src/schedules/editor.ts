// A schedule that is made or changed: what was typed, what the server says of it, and the way there.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { Refusal } from '../api';
import { IPolicies, ISchedule, Jobs, refusedFields, wordsOf } from '../jobs';
import type { IDefinition, Parameters } from '../rest';
import type { FormModel } from '../run/form';
import { Faults, IDraft, Reading } from './draft';
import { carryOver, filledForm } from './parameters';
import { CronPreview } from './preview';
import type { Sources } from './sources';

/** What is edited: a schedule, and the version that it runs. */
export interface IEdited {
  readonly schedule: ISchedule;
  readonly definition: IDefinition;
}

export class EditorModel implements IDisposable {
  constructor(
    readonly jobs: Jobs,
    private readonly sources: Sources,
    private readonly trans: TranslationBundle,
    draft: IDraft,
    readonly edited: IEdited | null = null,
    delay = 250
  ) {
    this.current = draft;
    this.preview = new CronPreview(jobs, delay);
    this.describing = new Debouncer(() => this.describe(), delay);
    this.follow();
    void this.describe();
  }

  readonly preview: CronPreview;

  /** The form of the parameters; null while they are not known. */
  get form(): FormModel | null {
    return this.parameters;
  }

  /** Why the parameters are not known, '' when they are. */
  get formProblem(): string {
    return this.formFailure;
  }

  get draft(): IDraft {
    return this.current;
  }

  /** By the path of the field, as the server calls it. */
  get faults(): Faults {
    return this.refused;
  }

  /** What is the matter as a whole, in the server's words. */
  get problem(): string {
    return this.failure;
  }

  get isBusy(): boolean {
    return this.busy;
  }

  /** How often it was refused: the form then looks for the first field that is at fault. */
  get refusals(): number {
    return this.count;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.preview.isDisposed;
  }

  /** What is typed; what was said of a field is said no more once it is another. */
  set(change: Partial<IDraft>, path = ''): void {
    const before = this.current;
    this.current = { ...before, ...change };
    const { source, definition } = this.current;
    if (
      source !== before.source ||
      this.current.path !== before.path ||
      (source === 'definition' && definition !== before.definition)
    ) {
      void this.describing.invoke().catch(ignore);
    }
    if (this.refused.size) {
      const gone = (each: string) => each === path || each.startsWith(`${path}.`);
      this.refused = new Map([...this.refused].filter(([each]) => !gone(each)));
      this.failure = this.refused.size ? this.failure : '';
    }
    this.follow();
    this.signal.emit();
  }

  /** The schedule, or null when it was refused: `faults` and `problem` say why, and nothing that was typed is lost. */
  async submit(): Promise<ISchedule | null> {
    if (this.busy) {
      return null;
    }
    const reading = this.read();
    const settings = reading.settings(this.keptSettings());
    const order = reading.schedule(this.current.definition.trim());
    if (reading.faults.size || (this.parameters && !this.parameters.isValid)) {
      this.refuse(reading.faults, this.trans.__('Some fields need another look.'));
      return null;
    }
    this.move(true);
    try {
      const definition = await this.define(settings);
      return await this.store(
        { ...order, ...(definition === null ? {} : { definition }) },
        definition !== null
      );
    } catch (error) {
      if (error instanceof Refusal) {
        this.parameters?.refuse(error.problem);
      }
      this.refuse(this.placed(refusedFields(error)), wordsOf(error));
      return null;
    } finally {
      this.move(false);
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.ticket++;
      this.describing.dispose();
      this.preview.dispose();
      Signal.clearData(this);
    }
  }

  /** The name of what shall run from now on; null where that stays as it is. */
  private async define(settings: ReturnType<Reading['settings']>): Promise<string | null> {
    const { source, path, definition } = this.current;
    if (source === 'kept') {
      return null;
    }
    if (source === 'definition') {
      return definition.trim();
    }
    const notebook = source === 'notebook' ? this.sources.notebooks.contentOf(path.trim()) : null;
    const order = { path: path.trim(), kind: source, name: definition.trim(), settings };
    try {
      return (await this.jobs.define({ ...order, ...(notebook ? { notebook } : {}) })).name;
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(ofDefinition(error)) : error;
    }
  }

  private async store(order: ReturnType<Reading['schedule']>, isDefined: boolean): Promise<ISchedule> {
    const given = this.given();
    if (!this.edited) {
      return this.jobs.addSchedule({ ...order, parameters: given ?? {} });
    }
    const before = this.edited.schedule;
    const { trigger, definition } = order;
    return this.jobs.changeSchedule(before.name, {
      ...policiesOf(order),
      ...(JSON.stringify(trigger) === JSON.stringify(before.trigger) ? {} : { trigger }),
      ...(isDefined ? { definition } : {}),
      ...(given ? { parameters: given } : {})
    });
  }

  /** What is given now; null when that is what was given before. */
  private given(): Parameters | null {
    const values = this.parameters?.values();
    return !values || JSON.stringify(values) === this.untouched ? null : { ...this.left, ...values };
  }

  /** A form of the parameters as they are declared now; what was typed stays where it fits. */
  private async describe(): Promise<void> {
    const ticket = ++this.ticket;
    try {
      const found = await this.sources.parameters(this.current, this.edited);
      if (ticket === this.ticket) {
        const { form, left } = filledForm(found, this.edited?.schedule.parameters ?? {}, this.trans);
        this.left = left;
        this.untouched = this.edited ? JSON.stringify(form.values()) : null;
        if (this.parameters) {
          carryOver(this.parameters, form);
        }
        this.parameters = form;
        this.formFailure = '';
      }
    } catch (error) {
      if (ticket === this.ticket) {
        this.parameters = null;
        this.formFailure = wordsOf(error);
      }
    }
    if (ticket === this.ticket) {
      this.signal.emit();
    }
  }

  private read(): Reading {
    const trans = this.trans;
    const words = {
      number: trans.__('This must be a number.'),
      missing: trans.__('This must be given.'),
      time: (zone: string) => trans.__('There is no such time in %1: clocks are put forward then.', zone)
    };
    return new Reading(this.current, words, this.edited?.schedule);
  }

  /** What a definition has that the form does not show. */
  private keptSettings(): ReturnType<Reading['settings']> {
    const before = this.edited?.definition;
    if (!before || before.name !== this.current.definition.trim()) {
      return {};
    }
    const { environment, formats, notify, pool, limits, retry } = before.settings;
    return { environment, formats, notify, pool, limits, retry };
  }

  /** Fields of the schedule that the form calls otherwise. */
  private placed(faults: Faults): Faults {
    const source = this.current.source;
    return new Map(
      [...faults].map(([path, words]) => [path === 'definition' && source === 'kept' ? '' : path, words])
    );
  }

  private refuse(faults: Faults, problem: string): void {
    this.refused = faults;
    this.failure = problem;
    this.count++;
    this.signal.emit();
  }

  private move(busy: boolean): void {
    this.busy = busy;
    if (busy) {
      this.failure = '';
      this.refused = new Map();
    }
    this.signal.emit();
  }

  private follow(): void {
    if (this.current.kind === 'cron') {
      this.preview.show(this.current.expression, this.current.timezone);
    }
  }

  private busy = false;
  private count = 0;
  private current: IDraft;
  private readonly describing: Debouncer;
  private failure = '';
  private formFailure = '';
  private left: Parameters = {};
  private parameters: FormModel | null = null;
  private refused: Faults = new Map();
  private readonly signal = new Signal<this, void>(this);
  private ticket = 0;
  private untouched: string | null = null;
}

function ignore(): void {
  // a debouncer that is disposed rejects what still waits
}

function policiesOf(order: IPolicies): IPolicies {
  const { misfire, overlap, grace, priority, jitter, start_at, end_at, paused } = order;
  return { misfire, overlap, grace, priority, jitter, start_at, end_at, paused };
}

/** The name that a definition is refused for is not the schedule's. */
function ofDefinition(error: Refusal): Refusal['problem'] {
  const errors = error.problem.errors.map(each =>
    each.path === 'name' ? { ...each, path: 'definition' } : each
  );
  return { ...error.problem, errors };
}
