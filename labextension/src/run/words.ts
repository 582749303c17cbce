// The words of states.

import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunStatus } from '../rest';
import type { PartState } from './progress';

export function statusLabel(status: RunStatus | PartState, trans: TranslationBundle): string {
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
  }
}
