// Says that no scheduler daemon runs, and offers to start one. Shows nothing while one does.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { useModel } from './hooks';
import type { SchedulerModel } from './scheduler';

/** `what` says what waits for a daemon, as "Runs wait in the queue until one runs". */
export function SchedulerNotice(props: {
  readonly model: SchedulerModel;
  readonly trans: TranslationBundle;
  readonly what: string;
}): JSX.Element | null {
  const { model, trans, what } = props;
  useModel(model);
  React.useEffect(() => {
    const watched = model.watch();
    return () => watched.dispose();
  }, [model]);
  if (model.state === 'running') {
    return null;
  }
  if (model.state === 'unknown') {
    return model.problem ? (
      <div className="nb2prod-Notice nb2prod-mod-error" role="alert">
        {trans.__('The scheduler cannot be asked: %1', model.problem)}
      </div>
    ) : null;
  }
  const isStarting = model.state === 'starting';
  return (
    <div className="nb2prod-Notice nb2prod-SchedulerNotice" role="status">
      <div className="nb2prod-Notice-text">
        <strong>{trans.__('No scheduler daemon runs.')}</strong> <span>{what}</span>
        {model.problem && <div className="nb2prod-mod-error">{model.problem}</div>}
      </div>
      <button
        className="jp-mod-styled jp-mod-accept"
        disabled={isStarting}
        onClick={() => void model.start()}
        title={trans.__('It goes on when JupyterLab is closed.')}
        type="button"
      >
        {isStarting ? trans.__('Starting …') : trans.__('Start it')}
      </button>
    </div>
  );
}
