// What a conversion is asked: the target folder and the options, checked before the server is.

import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { IFinding, ILook, Refusal } from '../api';
import { messageOf } from '../ui/waiting';
import type { IConvertChoice } from './model';

/** out/NAME beside the notebook, as the server has it too. */
export function defaultOutput(path: string): string {
  return PathExt.join(PathExt.dirname(path), 'out', PathExt.basename(path).split('.')[0]!);
}

/** As it is sent: from the server's folder, with no slash at its ends. */
export function cleaned(output: string): string {
  return output.trim().replace(/^\/+|\/+$/g, '');
}

/** What is wrong with a target folder; '' when nothing can be seen from here. */
export function checkOutput(output: string, notebook: string, trans: TranslationBundle): string {
  const parts = cleaned(output).split('/');
  if (cleaned(output) === '') {
    return trans.__('Name a folder; JupyterLab’s own folder cannot become a project.');
  }
  if (parts.includes('..') || parts.includes('.')) {
    return trans.__('Name the folder from JupyterLab’s folder on, without “..”.');
  }
  if (parts.some(part => part.startsWith('.') || part.startsWith('~'))) {
    return trans.__('A hidden folder is not shown by JupyterLab; choose another name.');
  }
  if (/[\u0000-\u001f\\:]/.test(output) || parts.includes('')) {
    return trans.__('This is no path of a folder.');
  }
  return cleaned(output) === notebook ? trans.__('This is the notebook itself; name a folder.') : '';
}

/** What is known of the notebook when somebody asks for its conversion. */
export interface ISubject {
  readonly path: string;
  readonly isDirty: boolean;
  readonly isReadOnly: boolean;
  readonly look: ILook | null; // null: it could not be looked at
}

export class ChoiceModel {
  /** `carryOut` saves the notebook and begins; what it raises is shown. */
  constructor(
    readonly subject: ISubject,
    initial: Partial<IConvertChoice>,
    private readonly carryOut: (choice: IConvertChoice) => Promise<void>,
    private readonly trans: TranslationBundle
  ) {
    const usual = { output: defaultOutput(subject.path), record: true, trace: false, verify: true };
    this.chosen = { ...usual, ...initial };
  }

  get choice(): IConvertChoice {
    return this.chosen;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  set(more: Partial<IConvertChoice>): void {
    this.chosen = { ...this.chosen, ...more };
    this.refusedOutput = '';
    this.failure = '';
    this.signal.emit();
  }

  /** Of the target folder. */
  get outputError(): string {
    return this.refusedOutput || checkOutput(this.chosen.output, this.subject.path, this.trans);
  }

  /** What has no field. */
  get problem(): string {
    return this.failure;
  }

  /** Errors refuse a conversion; some of them a traced run can settle. */
  get refusing(): readonly IFinding[] {
    return (this.subject.look?.findings ?? []).filter(finding => finding.severity === 'error');
  }

  get refused(): string {
    return this.subject.look?.refused ?? '';
  }

  get canSubmit(): boolean {
    const isRefused = this.refused !== '' || (this.subject.look?.converts === false && !this.chosen.trace);
    return !isRefused && this.outputError === '';
  }

  async submit(): Promise<boolean> {
    try {
      await this.carryOut({ ...this.chosen, output: cleaned(this.chosen.output) });
      return true;
    } catch (error) {
      const places = error instanceof Refusal ? error.problem.errors : [];
      this.refusedOutput = places.find(({ path }) => path === 'output')?.message ?? '';
      this.failure = this.refusedOutput ? '' : messageOf(error);
      this.signal.emit();
      return false;
    }
  }

  private chosen: IConvertChoice;
  private failure = '';
  private refusedOutput = '';
  private readonly signal = new Signal<this, void>(this);
}
