// A button of nothing but an icon.

import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** `label` is read out, and shown as a tooltip where `title` has no shorter word. */
export function IconButton(props: {
  readonly icon: LabIcon;
  readonly label: string;
  readonly title?: string;
  readonly onPress: () => void;
  readonly isDisabled?: boolean;
  readonly isPressed?: boolean;
  readonly isLast?: boolean;
}): JSX.Element {
  const { icon, label, title = label, onPress, isDisabled, isPressed, isLast } = props;
  return (
    <button
      aria-label={label}
      aria-pressed={isPressed}
      className={`nb2prod-IconButton${isLast ? ' nb2prod-mod-last' : ''}`}
      disabled={isDisabled}
      onClick={onPress}
      title={title}
      type="button"
    >
      <icon.react tag="span" />
    </button>
  );
}
