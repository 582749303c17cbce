// A sentence that says what is the matter: tried again by itself, or to be dismissed.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { UNREACHABLE } from '../jobs';

/** What is said of an error, in the reader's language where it is ours to say. */
export function told(words: string, trans: TranslationBundle): string {
  return words === UNREACHABLE ? trans.__("JupyterLab's server does not answer.") : words;
}

export function Trouble(props: {
  readonly words: string;
  readonly trans: TranslationBundle;
  readonly onRetry?: () => void;
  readonly onDismiss?: () => void;
}): JSX.Element | null {
  const { words, trans, onRetry, onDismiss } = props;
  if (!words) {
    return null;
  }
  return (
    <div className="nb2prod-Advice nb2prod-mod-error nb2prod-Trouble" role="alert">
      <div className="nb2prod-Advice-text">
        {told(words, trans)} {onRetry && <span>{trans.__('It is tried again.')}</span>}
      </div>
      {onRetry && (
        <button className="jp-mod-styled" onClick={onRetry} type="button">
          {trans.__('Try now')}
        </button>
      )}
      {onDismiss && (
        <button className="jp-mod-styled" onClick={onDismiss} type="button">
          {trans.__('Dismiss')}
        </button>
      )}
    </div>
  );
}
