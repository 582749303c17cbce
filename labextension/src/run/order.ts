// What is to run and how: the notebook or its project, parameters, limits, outputs. Checked before the server is asked.

import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import { Client, IParameter, Refusal } from '../api';
import { IDefinitionOrder, Jobs } from '../jobs';
import type { IDefinition, IRun } from '../rest';
import { messageOf } from '../ui/waiting';
import { readBytes, readCount, readSeconds } from './amounts';
import { FormModel } from './form';

export type What = 'screen' | 'saved' | 'pipeline';

/** What can be run; a part that is null cannot. `content` gives the notebook as it is on the screen. */
export interface IRunnable {
  readonly notebook: {
    readonly path: string;
    readonly parameters: readonly IParameter[];
    readonly content: (() => INotebookContent) | null;
    readonly refused: string;
  } | null;
  readonly project: { readonly folder: string; readonly parameters: readonly IParameter[] } | null;
}

/** Texts as they are typed. */
export interface IAdvanced {
  readonly name: string;
  readonly timeout: string;
  readonly cellTimeout: string;
  readonly memory: string;
  readonly retries: string;
  readonly delay: string;
  readonly output: string;
  readonly html: boolean;
  readonly pdf: boolean;
  readonly pool: string;
  readonly priority: string;
}

export type AdvancedName = keyof IAdvanced;

// where the server says what is wrong with a field
const PATHS: Readonly<Partial<Record<string, AdvancedName>>> = {
  name: 'name',
  'settings.limits.run': 'timeout',
  'settings.limits.cell': 'cellTimeout',
  'settings.limits.memory': 'memory',
  'settings.retry.limit': 'retries',
  'settings.retry.delay': 'delay',
  'settings.output': 'output',
  'settings.formats': 'pdf',
  'settings.pool': 'pool',
  pool: 'pool',
  priority: 'priority'
};
const USUAL: IAdvanced = {
  name: '',
  timeout: '',
  cellTimeout: '',
  memory: '',
  retries: '0',
  delay: '30',
  output: '',
  html: false,
  pdf: false,
  pool: 'default',
  priority: '0'
};
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export class RunOrder {
  constructor(
    private readonly client: Pick<Client, 'request'>,
    readonly runnable: IRunnable,
    initial: What,
    private readonly trans: TranslationBundle,
    private readonly done: (run: IRun) => void
  ) {
    this.kind = initial;
    this.given = { ...USUAL, name: this.usualName() };
    this.forms = {
      notebook: new FormModel(runnable.notebook?.parameters ?? [], trans),
      project: new FormModel(runnable.project?.parameters ?? [], trans)
    };
    Object.values(this.forms).forEach(form => form.changed.connect(() => this.signal.emit()));
  }

  get what(): What {
    return this.kind;
  }

  /** The file or folder. */
  get title(): string {
    const { notebook, project } = this.runnable;
    return PathExt.basename(notebook?.path ?? project?.folder ?? '');
  }

  get form(): FormModel {
    return this.kind === 'pipeline' ? this.forms.project : this.forms.notebook;
  }

  get advanced(): IAdvanced {
    return this.given;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  /** What has no field. */
  get problem(): string {
    return this.failure;
  }

  choose(what: What): void {
    const isUsual = this.given.name === this.usualName();
    this.kind = what;
    this.given = isUsual ? { ...this.given, name: this.usualName() } : this.given;
    this.failure = '';
    this.signal.emit();
  }

  set(more: Partial<IAdvanced>): void {
    this.given = { ...this.given, ...more };
    Object.keys(more).forEach(name => this.refused.delete(name as AdvancedName));
    this.failure = '';
    this.signal.emit();
  }

  error(name: AdvancedName): string {
    return this.refused.get(name) ?? this.seen(name);
  }

  get hasAdvancedError(): boolean {
    return (Object.keys(USUAL) as AdvancedName[]).some(name => this.error(name) !== '');
  }

  get canSubmit(): boolean {
    const subject = this.kind === 'pipeline' ? this.runnable.project : this.runnable.notebook;
    const isRefused = this.kind !== 'pipeline' && !!this.runnable.notebook?.refused;
    return subject !== null && !isRefused && this.form.isValid && !this.hasAdvancedError;
  }

  async submit(): Promise<boolean> {
    this.failure = '';
    try {
      this.done(await this.start(await new Jobs(this.client).define(this.definition())));
      return true;
    } catch (error) {
      this.refuse(error);
      return false;
    }
  }

  /** A notebook and its pipeline are two jobs. */
  private usualName(): string {
    const { notebook, project } = this.runnable;
    const isPipeline = this.kind === 'pipeline';
    return isPipeline ? `${nameOf(project?.folder ?? '')}-pipeline` : nameOf(notebook?.path ?? '');
  }

  private async start(defined: IDefinition): Promise<IRun> {
    const priority = readCount(this.given.priority, -(2 ** 31), 2 ** 31 - 1) ?? 0;
    const body = { definition: defined.name, parameters: this.form.values(), priority };
    const content = JSON.stringify([defined.id, body]);
    if (content !== this.sent) {
      this.sent = content;
      this.key = UUID.uuid4(); // the same order, sent again after the network failed, is one run
    }
    const headers = { 'Idempotency-Key': this.key };
    return this.client.request<IRun>('jobs/runs', { method: 'POST', body, headers });
  }

  private definition(): IDefinitionOrder {
    const { notebook, project } = this.runnable;
    const isPipeline = this.kind === 'pipeline';
    const content = this.kind === 'screen' ? notebook?.content?.() : undefined;
    return {
      path: isPipeline ? project!.folder : notebook!.path,
      kind: isPipeline ? 'pipeline' : 'notebook',
      name: this.given.name.trim(),
      settings: this.settings(),
      ...(content ? { notebook: content } : {})
    };
  }

  private settings(): IDefinitionOrder['settings'] {
    const { timeout, cellTimeout, memory, retries, delay, output, html, pdf, pool } = this.given;
    const formats = ['ipynb', ...(html ? ['html'] : []), ...(pdf ? ['pdf'] : [])];
    const isPipeline = this.kind === 'pipeline';
    return {
      limits: {
        run: readSeconds(timeout) ?? null,
        ...(isPipeline ? {} : { cell: readSeconds(cellTimeout) ?? null }),
        memory: readBytes(memory) ?? null
      },
      retry: { limit: readCount(retries, 0, 100) ?? 0, delay: readSeconds(delay) ?? 0 },
      output: isPipeline ? '' : output.trim(),
      ...(isPipeline ? {} : { formats }),
      pool
    };
  }

  private seen(name: AdvancedName): string {
    const { trans } = this;
    const text = String(this.given[name]);
    switch (name) {
      case 'name':
        return NAME.test(text.trim()) ? '' : trans.__('Up to 100 letters, digits, “.”, “_” and “-”, please.');
      case 'timeout':
      case 'cellTimeout':
        return readSeconds(text) === undefined ? trans.__('Seconds, or as 15m or 2h.') : '';
      case 'delay':
        return readSeconds(text) === undefined && text.trim() !== '0'
          ? trans.__('Seconds, or as 15m or 2h.')
          : '';
      case 'memory':
        return readBytes(text) === undefined ? trans.__('Bytes, or as 512MB or 2GB.') : '';
      case 'retries':
        return readCount(text, 0, 100) === undefined ? trans.__('A whole number from 0 to 100.') : '';
      case 'priority':
        return readCount(text, -(2 ** 31), 2 ** 31 - 1) === undefined ? trans.__('A whole number.') : '';
    }
    return '';
  }

  private refuse(error: unknown): void {
    const problem = error instanceof Refusal ? error.problem : null;
    const errors = problem?.errors ?? [];
    errors.forEach(({ path, message }) => {
      const name = PATHS[path];
      if (name) {
        this.refused.set(name, message);
      }
    });
    const elsewhere = errors.filter(({ path }) => !PATHS[path]);
    const rest = problem ? this.form.refuse({ ...problem, errors: elsewhere }) : [];
    this.failure = errors.length ? rest.join('\n') : messageOf(error);
    this.signal.emit();
  }

  private failure = '';
  private readonly forms: { readonly notebook: FormModel; readonly project: FormModel };
  private given: IAdvanced;
  private key = '';
  private kind: What;
  private readonly refused = new Map<AdvancedName, string>();
  private sent = '';
  private readonly signal = new Signal<this, void>(this);
}

/** The name of a definition after its file or folder, as nb2prod gives it too. */
export function nameOf(path: string): string {
  const stem = PathExt.basename(path).replace(/\.ipynb$/, '');
  const plain = stem.normalize('NFKD').replace(/[^\x20-\x7e]/g, '');
  const kept = plain.replace(/[^A-Za-z0-9._]+/g, '-').replace(/^[-._]+|[-._]+$/g, '');
  return kept.slice(0, 100) || 'job';
}
