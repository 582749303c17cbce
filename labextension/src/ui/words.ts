// The words of states: of runs, of their parts, and of operations.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunStatus } from '../rest';

export function statusLabel(status: RunStatus | 'cached' | 'stopped', trans: TranslationBundle): string {
  switch (status) {
    case 'queued':
      return trans.__('queued');
    case 'running':
      return trans.__('running');
    case 'completed':
      return trans.__('completed');
    case 'failed':
      return trans.__('failed');
    case 'cancelled':
      return trans.__('cancelled');
    case 'skipped':
      return trans.__('skipped');
    case 'cached':
      return trans.__('from the cache');
    case 'stopped':
      return trans.__('stopped');
  }
}
