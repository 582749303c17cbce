// The main area's widget of runs.

import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { SchedulerNotice } from '../ui/daemon';
import { useModel } from '../ui/hooks';
import { IconButton } from '../ui/icon_button';
import { historyIcon } from '../ui/icons';
import type { SchedulerModel } from '../ui/scheduler';
import { TablePanel } from '../ui/table_panel';
import { Trouble } from '../ui/trouble';
import { RunFilters } from './filters';
import type { RunsModel } from './model';
import { RunTable } from './table';

/** What the widget has from JupyterLab. */
export interface IRunsServices {
  readonly scheduler: SchedulerModel;
  readonly trans: TranslationBundle;
  readonly openRun: (id: string) => void;
}

export class RunsPanel extends TablePanel<RunsModel> {
  constructor(
    model: RunsModel,
    private readonly services: IRunsServices
  ) {
    const { trans } = services;
    const caption = trans.__('What ran, runs and waits to run');
    super(model, { id: 'nb2prod-runs', label: trans.__('Runs'), caption, icon: historyIcon });
  }

  protected override render(): JSX.Element {
    return <Runs model={this.model} services={this.services} />;
  }
}

function Runs(props: { readonly model: RunsModel; readonly services: IRunsServices }): JSX.Element {
  const { model, services } = props;
  const { trans, scheduler, openRun } = services;
  useModel(model);
  const waits = trans.__('Runs wait in the queue until one runs.');
  return (
    <div className="nb2prod-Panel-body">
      <SchedulerNotice model={scheduler} trans={trans} what={waits} />
      <Trouble onRetry={() => void model.refresh()} trans={trans} words={model.trouble} />
      <Trouble onDismiss={() => model.dismiss()} trans={trans} words={model.refusals.join('\n')} />
      <RunFilters model={model} trans={trans} />
      <Chosen model={model} trans={trans} />
      <RunTable model={model} openRun={openRun} trans={trans} />
    </div>
  );
}

/** What can be done with the runs that are selected. */
function Chosen(props: { readonly model: RunsModel; readonly trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  const { cancel, retry } = model.able(model.selection);
  const count = model.selection.size;
  return (
    <div aria-label={trans.__('Selected runs')} className="nb2prod-Panel-bar nb2prod-RunActions" role="group">
      <span aria-live="polite" className="nb2prod-mod-faint">
        {count
          ? trans._n('%1 selected', '%1 selected', count, count)
          : trans._n('%1 run shown', '%1 runs shown', model.runs.length, model.runs.length)}
      </span>
      <button
        className="jp-mod-styled"
        disabled={cancel.length === 0}
        onClick={() => void model.cancel(cancel)}
        type="button"
      >
        {cancel.length ? trans.__('Cancel %1', cancel.length) : trans.__('Cancel')}
      </button>
      <button
        className="jp-mod-styled"
        disabled={retry.length === 0}
        onClick={() => void model.retry(retry)}
        type="button"
      >
        {retry.length ? trans.__('Retry %1', retry.length) : trans.__('Retry')}
      </button>
      <IconButton
        icon={refreshIcon}
        isLast
        label={trans.__('Refresh')}
        onPress={() => void model.refresh()}
      />
    </div>
  );
}
