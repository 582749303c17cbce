// Small signs with a form of their own, so that colour never speaks alone.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Severity } from '../api';
import type { StepRunState } from '../tokens';

const SEVERITY_FORMS: Record<Severity, string> = {
  error:
    'M5 1h6l4 4v6l-4 4H5l-4-4V5z M5.6 4.2L4.2 5.6 6.6 8l-2.4 2.4 1.4 1.4L8 9.4l2.4 2.4 1.4-1.4L9.4 8l2.4-2.4-1.4-1.4L8 6.6z',
  warning: 'M8 1l7.5 14H.5z M7 6v4.5h2V6z M7 11.5v2h2v-2z',
  info: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z M7 7v5h2V7z M7 4v2h2V4z'
};

const STATE_FORMS: Record<StepRunState, string> = {
  waiting: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2a5 5 0 1 1 0 10A5 5 0 0 1 8 3z M7 4.5V9h4V7.5H8.7v-3z',
  running: 'M4 2l9 6-9 6z',
  completed: 'M6.2 12.6L1.8 8.2l1.6-1.6 2.8 2.8 6.4-6.4 1.6 1.6z',
  cached: 'M2 3h12v3H2z M3 7h10v7H3z M6 8.5v1.6h4V8.5z',
  skipped: 'M2 3l5 5-5 5z M8 3l5 5-5 5z',
  failed: 'M3.5 2L2 3.5 6.5 8 2 12.5 3.5 14 8 9.5l4.5 4.5 1.5-1.5L9.5 8 14 3.5 12.5 2 8 6.5z',
  cancelled: 'M3 3h10v10H3z'
};

export function severityWord(severity: Severity, trans: TranslationBundle): string {
  switch (severity) {
    case 'error':
      return trans.__('Error');
    case 'warning':
      return trans.__('Warning');
    case 'info':
      return trans.__('Info');
  }
}

interface IPlaced {
  readonly x?: number;
  readonly y?: number;
  readonly size?: number;
}

/** Beside a text that says the same; alone, give it a `title`. */
export function SeverityMark({
  severity,
  title,
  ...placed
}: IPlaced & { severity: Severity; title?: string }) {
  return <Mark form={SEVERITY_FORMS[severity]} name={`nb2prod-mod-${severity}`} title={title} {...placed} />;
}

export function StateMark({ state, ...placed }: IPlaced & { state: StepRunState }) {
  return <Mark form={STATE_FORMS[state]} name={`nb2prod-mod-${state}`} {...placed} />;
}

function Mark({
  form,
  name,
  title,
  x,
  y,
  size = 14
}: IPlaced & { form: string; name: string; title?: string }) {
  const spoken = title ? { role: 'img', 'aria-label': title } : { 'aria-hidden': true };
  return (
    <svg
      className={`nb2prod-Mark ${name}`}
      x={x}
      y={y}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      {...spoken}
    >
      {title && <title>{title}</title>}
      <path fillRule="evenodd" d={form} />
    </svg>
  );
}
