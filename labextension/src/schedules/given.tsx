// The parameters that a schedule gives to each of its runs.

import * as React from 'react';

import type { IPartProps } from './triggers';

export function ParametersPart(props: IPartProps): JSX.Element {
  const { editor, trans } = props;
  return (
    <fieldset className="nb2prod-ScheduleForm-part">
      <legend>{trans.__('Parameters')}</legend>
      {editor.formProblem && <p className="nb2prod-ScheduleForm-note">{editor.formProblem}</p>}
    </fieldset>
  );
}
