// What the graph says to those who do not see it, and in the details below it.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IEdge, IFinding, ILook, IStep } from '../api';
import type { IStepState, StepRunState } from '../tokens';
import { duration } from '../ui/parts';
import { PARAMETERS } from './layout';

/** "a", "a and b", "a, b and c". */
export function listed(words: readonly (string | number)[], trans: TranslationBundle): string {
  const last = words[words.length - 1];
  if (words.length < 2) {
    return String(last ?? '');
  }
  return trans.__('%1 and %2', words.slice(0, -1).join(', '), String(last));
}

export function cellsInWords(cells: readonly number[], trans: TranslationBundle): string {
  return trans._n('cell %2', 'cells %2', cells.length, listed(cells, trans));
}

export function findingsInWords(findings: readonly IFinding[], trans: TranslationBundle): string {
  return trans._n('%1 finding', '%1 findings', findings.length);
}

/** `words` of a node's name for a screen reader. */
export function stepInWords(
  step: IStep,
  findings: readonly IFinding[],
  state: IStepState | null,
  trans: TranslationBundle
): string {
  const parts = [trans.__('Step %1', step.name), cellsInWords(step.cells, trans)];
  for (const [source, names] of bySource(step)) {
    const taken = listed(names, trans);
    parts.push(
      source === PARAMETERS
        ? trans.__('takes parameters %1', taken)
        : trans.__('takes %1 from %2', taken, source)
    );
  }
  if (!step.is_wired) {
    parts.push(trans.__('what it takes is not known'));
  }
  return [
    ...parts,
    ...(step.inference ? [trans.__('for inference')] : []),
    ...(step.metrics.length ? [trans.__('metrics %1', listed(step.metrics, trans))] : []),
    ...(findings.length ? [findingsInWords(findings, trans)] : []),
    ...(state ? [stateInWords(state, trans)] : [])
  ].join(', ');
}

/** The names that a step takes, by what gives them, in the order of its inputs. */
export function bySource(step: IStep): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>();
  step.inputs.forEach(({ source, name }) => sources.set(source, [...(sources.get(source) ?? []), name]));
  return sources;
}

/** The steps that read each output, with the names they read. */
export function byReader(step: IStep): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  step.outputs.forEach(({ name, readers: steps }) =>
    steps.forEach(reader => readers.set(reader, [...(readers.get(reader) ?? []), name]))
  );
  return readers;
}

export function parametersInWords(look: Pick<ILook, 'parameters'>, trans: TranslationBundle): string {
  const names = look.parameters.map(parameter => parameter.name);
  const cells = [...new Set(look.parameters.map(parameter => parameter.cell))];
  return [trans.__('Parameters %1', listed(names, trans)), cellsInWords(cells, trans)].join(', ');
}

export function edgeInWords(edge: IEdge, trans: TranslationBundle): string {
  const source = edge.source === PARAMETERS ? trans.__('the parameters') : edge.source;
  if (edge.kind === 'order') {
    return edge.names.length
      ? trans.__('%1 comes after %2: both use %3', edge.target, source, listed(edge.names, trans))
      : trans.__('%1 comes after %2', edge.target, source);
  }
  return trans.__('%1 to %2: %3', source, edge.target, listed(edge.names, trans));
}

export function stateInWords(state: IStepState, trans: TranslationBundle): string {
  const word = stateWord(state.state, trans);
  return state.seconds === null ? word : trans.__('%1, %2', word, duration(state.seconds, trans));
}

export function stateWord(state: StepRunState, trans: TranslationBundle): string {
  switch (state) {
    case 'waiting':
      return trans.__('waiting');
    case 'running':
      return trans.__('running');
    case 'completed':
      return trans.__('completed');
    case 'cached':
      return trans.__('taken from the cache');
    case 'skipped':
      return trans.__('skipped');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
  }
}

export function roleInWords(tag: string, trans: TranslationBundle): string {
  switch (tag) {
    case 'parameters':
      return trans.__('Parameters');
    case 'imports':
      return trans.__('Imports');
    case 'functions':
      return trans.__('Functions');
    case 'skip':
      return trans.__('Skip: not in production');
    default:
      return tag;
  }
}
