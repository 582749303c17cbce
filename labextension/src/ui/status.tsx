// The status of a run: never by colour alone.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { RunStatus } from '../rest';

export const STATUSES: readonly RunStatus[] = [
  'queued',
  'running',
  'completed',
  'failed',
  'cancelled',
  'skipped'
];

const SHAPES: Readonly<Record<RunStatus, string>> = {
  queued:
    'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3zm-.75 1.8v3.6l2.7 1.6.75-1.2-2-1.2V4.8z',
  running: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM6.2 4.8 11.2 8l-5 3.2z',
  completed: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm3 3.8 1 1-5 5-3-3 1-1 2 2z',
  failed:
    'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5.6 4.6 8 7l2.4-2.4 1 1L9 8l2.4 2.4-1 1L8 9l-2.4 2.4-1-1L7 8 4.6 5.6z',
  cancelled: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5.3 5.3h5.4v5.4H5.3z',
  skipped: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5 5l4 3-4 3zm4.5 0H11v6H9.5z'
};

export function statusText(status: RunStatus, trans: TranslationBundle): string {
  return {
    queued: trans.__('Queued'),
    running: trans.__('Running'),
    completed: trans.__('Completed'),
    failed: trans.__('Failed'),
    cancelled: trans.__('Cancelled'),
    skipped: trans.__('Skipped')
  }[status];
}

export function StatusIcon(props: { readonly status: RunStatus }): JSX.Element {
  return (
    <svg
      aria-hidden="true"
      className={`nb2prod-StatusIcon nb2prod-mod-${props.status}`}
      height="16"
      viewBox="0 0 16 16"
      width="16"
    >
      <path d={SHAPES[props.status]} fill="currentColor" fillRule="evenodd" />
    </svg>
  );
}

export function Status(props: {
  readonly status: RunStatus;
  readonly trans: TranslationBundle;
}): JSX.Element {
  return (
    <span className="nb2prod-Status">
      <StatusIcon status={props.status} />
      <span className="nb2prod-Status-text">{statusText(props.status, props.trans)}</span>
    </span>
  );
}
