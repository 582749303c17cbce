// A conversion with its verification, or a verification alone: what was asked, what runs, and what came of it.

import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { Client, IFinding } from '../api';
import { messageOf } from '../ui/waiting';
import { OperationModel } from './operation';

export type FileState = 'new' | 'changed' | 'unchanged' | 'edited' | 'conflict';

export interface IConverted {
  readonly folder: string;
  readonly findings: readonly Omit<IFinding, 'fix'>[];
  readonly conflicts: readonly string[];
  readonly notices: readonly string[];
  readonly recorded: boolean;
  readonly files: readonly { readonly file: string; readonly state: FileState }[];
}

export interface IVerifiedRow {
  readonly step: string;
  readonly name: string;
  readonly cell: number;
  readonly status: 'equal' | 'different' | 'not deterministic' | 'not compared';
  readonly detail: string;
}

export interface IVerified {
  readonly equal: boolean;
  readonly rows: readonly IVerifiedRow[];
  readonly summary: string;
  readonly notices: readonly string[];
}

export interface IConvertChoice {
  readonly output: string; // a folder, from the server's own
  readonly record: boolean;
  readonly trace: boolean;
  readonly verify: boolean;
}

interface IBegun {
  readonly id: string;
  readonly started_at: string;
}

/** What is kept over a reload of the page: never a result, which the server has. */
export interface IKept {
  readonly kind: 'convert' | 'verify';
  readonly path: string; // the notebook's, or the project's folder
  readonly choice: IConvertChoice | null;
  readonly conversion: IBegun | null;
  readonly verification: IBegun | null;
  readonly isOver: boolean;
}

export class Work implements IDisposable {
  constructor(
    private readonly client: Pick<Client, 'request'>,
    private known: IKept
  ) {
    if (known.conversion) {
      const kept = { ...known.conversion, verb: 'convert' as const, path: known.path };
      this.convertedBy = this.follow(OperationModel.again<IConverted>(client, kept));
    }
    if (known.verification) {
      const kept = { ...known.verification, verb: 'verify' as const, path: this.folder };
      this.verifiedBy = this.follow(OperationModel.again<IVerified>(client, kept));
    }
  }

  get kept(): IKept {
    return this.known;
  }

  /** One tab for each notebook, and for each project. */
  get key(): string {
    return keyOf(this.known.kind, this.known.path);
  }

  get path(): string {
    return this.known.path;
  }

  get conversion(): OperationModel<IConverted> | null {
    return this.convertedBy;
  }

  get verification(): OperationModel<IVerified> | null {
    return this.verifiedBy;
  }

  /** The project's. */
  get folder(): string {
    const asked = this.known.kind === 'verify' ? this.known.path : (this.known.choice?.output ?? '');
    return this.convertedBy?.result?.folder ?? asked;
  }

  get isRunning(): boolean {
    return !!(this.convertedBy?.isRunning || this.verifiedBy?.isRunning);
  }

  /** Why a verification did not begin. */
  get problem(): string {
    return this.failure;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  /** Nothing of it runs any more. */
  get ended(): ISignal<this, void> {
    return this.endSignal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Raises Refusal: another one works there, the folder is not ours to write. */
  async convert(choice: IConvertChoice): Promise<void> {
    const { output, record, trace } = choice;
    const order = { verb: 'convert' as const, path: this.path, output, record, trace };
    const begun = await OperationModel.start<IConverted>(this.client, order);
    this.leave(this.convertedBy);
    this.leave(this.verifiedBy);
    this.verifiedBy = null;
    this.note({ choice, conversion: placeOf(begun), verification: null, isOver: false });
    this.convertedBy = this.follow(begun);
    this.tell();
  }

  /** Raises Refusal. */
  async verify(): Promise<void> {
    const begun = await OperationModel.start<IVerified>(this.client, { verb: 'verify', path: this.folder });
    this.leave(this.verifiedBy);
    this.note({ verification: placeOf(begun), isOver: false });
    this.failure = '';
    this.verifiedBy = this.follow(begun);
    this.tell();
  }

  /** What was asked for here did not begin. */
  fail(error: unknown): void {
    this.failure = messageOf(error);
    this.tell();
  }

  async cancel(): Promise<void> {
    this.note({ choice: this.known.choice && { ...this.known.choice, verify: false } });
    await Promise.all([this.convertedBy?.cancel(), this.verifiedBy?.cancel()]);
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.leave(this.convertedBy);
      this.leave(this.verifiedBy);
      Signal.clearData(this);
    }
  }

  private follow<Result>(operation: OperationModel<Result>): OperationModel<Result> {
    operation.changed.connect(this.tell, this);
    void operation.over.then(() => this.onOver(operation));
    return operation;
  }

  private leave(operation: OperationModel | null): void {
    operation?.changed.disconnect(this.tell, this);
    operation?.dispose();
  }

  private async onOver(operation: OperationModel): Promise<void> {
    if (this.disposed || operation.isDisposed) {
      return;
    }
    const isConverted = operation === this.convertedBy && operation.state === 'completed';
    if (isConverted && this.known.choice?.verify && !this.verifiedBy) {
      try {
        await this.verify();
        return;
      } catch (error) {
        this.failure = messageOf(error);
      }
    }
    if (!this.isRunning) {
      const wasOver = this.known.isOver;
      this.note({ isOver: true });
      this.tell();
      if (!wasOver) {
        this.endSignal.emit();
      }
    }
  }

  private note(more: Partial<IKept>): void {
    this.known = { ...this.known, ...more };
  }

  private tell(): void {
    if (!this.disposed) {
      this.signal.emit();
    }
  }

  private convertedBy: OperationModel<IConverted> | null = null;
  private disposed = false;
  private readonly endSignal = new Signal<this, void>(this);
  private failure = '';
  private readonly signal = new Signal<this, void>(this);
  private verifiedBy: OperationModel<IVerified> | null = null;
}

export function keyOf(kind: IKept['kind'], path: string): string {
  return `${kind}:${path}`;
}

export function newWork(client: Pick<Client, 'request'>, kind: IKept['kind'], path: string): Work {
  return new Work(client, { kind, path, choice: null, conversion: null, verification: null, isOver: false });
}

/** Those that need somebody first; the rest by their paths. */
export function inOrder(files: IConverted['files']): IConverted['files'] {
  const order: readonly FileState[] = ['conflict', 'changed', 'new', 'edited', 'unchanged'];
  return [...files].sort(
    (one, other) => order.indexOf(one.state) - order.indexOf(other.state) || (one.file < other.file ? -1 : 1)
  );
}

export function countStates(files: IConverted['files']): Readonly<Record<FileState, number>> {
  const counts = { new: 0, changed: 0, unchanged: 0, edited: 0, conflict: 0 };
  files.forEach(({ state }) => counts[state]++);
  return counts;
}

/** Differing names on top, then what could not be compared; each group in the order of steps. */
export function rowsInOrder(
  rows: readonly IVerifiedRow[],
  onlyDifferences: boolean
): readonly IVerifiedRow[] {
  const order: readonly string[] = ['different', 'not deterministic', 'not compared', 'equal'];
  return rows
    .filter(row => !onlyDifferences || row.status === 'different' || row.status === 'not deterministic')
    .map((row, place) => ({ row, place }))
    .sort(
      (one, other) =>
        order.indexOf(one.row.status) - order.indexOf(other.row.status) || one.place - other.place
    )
    .map(({ row }) => row);
}

function placeOf(operation: OperationModel): IBegun {
  return { id: operation.id, started_at: operation.startedAt };
}
