// The main area's widget of schedules: the table, or the form of one of them.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Debouncer } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import type { IScheduleRow } from '../jobs';
import { SchedulerNotice } from '../ui/daemon';
import { useModel } from '../ui/hooks';
import { IconButton } from '../ui/icon_button';
import { scheduleIcon } from '../ui/icons';
import type { SchedulerModel } from '../ui/scheduler';
import { TablePanel } from '../ui/table_panel';
import { Trouble } from '../ui/trouble';
import type { EditorModel } from './editor';
import { ScheduleForm } from './form';
import { IRowActions, ScheduleTable } from './list';
import type { SchedulesModel } from './model';
import type { Choose } from './source';

/** What the widget has from JupyterLab. */
export interface ISchedulesServices {
  readonly scheduler: SchedulerModel;
  readonly trans: TranslationBundle;
  readonly choose: Choose | null;
  readonly newEditor: () => EditorModel;
  readonly editorOf: (row: IScheduleRow) => Promise<EditorModel>;
  readonly openRuns: (schedule: string) => void;
  readonly openRun: (id: string) => void;
}

export class SchedulesPanel extends TablePanel<SchedulesModel> {
  constructor(
    model: SchedulesModel,
    private readonly services: ISchedulesServices
  ) {
    const { trans } = services;
    const caption = trans.__('When notebooks and pipelines run');
    super(model, { id: 'nb2prod-schedules', label: trans.__('Schedules'), caption, icon: scheduleIcon });
  }

  /** The form that is open, if one is. */
  get editor(): EditorModel | null {
    return this.current;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  /** What is typed, to be there again after a reload. */
  get state(): ReadonlyPartialJSONObject {
    if (!this.current) {
      return this.held;
    }
    const { draft, edited } = this.current;
    const kept = JSON.parse(JSON.stringify(draft)) as ReadonlyPartialJSONObject;
    return edited ? { draft: kept, edit: edited.schedule.name } : { draft: kept };
  }

  /** What is to be kept is another. */
  get stateChanged(): ISignal<this, void> {
    return this.kept;
  }

  /** Keep the state of a form that cannot be opened now, until another is. */
  hold(state: ReadonlyPartialJSONObject): void {
    this.held = state;
    void this.keeping.invoke().catch(() => undefined);
  }

  /** Open the form; what was typed in another is let go. */
  edit(editor: EditorModel | null): void {
    this.current?.dispose();
    this.current = editor;
    this.held = {};
    editor?.changed.connect(() => void this.keeping.invoke().catch(() => undefined)); // until it is disposed
    void this.keeping.invoke().catch(() => undefined);
    this.signal.emit();
    if (editor === null) {
      void this.model.refresh();
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.current?.dispose();
      this.keeping.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected override render(): JSX.Element {
    return <Schedules panel={this} services={this.services} />;
  }

  private current: EditorModel | null = null;
  private held: ReadonlyPartialJSONObject = {};
  private readonly keeping = new Debouncer(() => this.kept.emit(), 500);
  private readonly kept = new Signal<this, void>(this);
  private readonly signal = new Signal<this, void>(this);
}

function Schedules(props: {
  readonly panel: SchedulesPanel;
  readonly services: ISchedulesServices;
}): JSX.Element {
  const { panel, services } = props;
  const { trans, scheduler } = services;
  const { model, editor } = panel;
  useModel(panel);
  useModel(model);
  const waits = trans.__('Nothing that is due starts until one runs.');
  return (
    <div className="nb2prod-Panel-body">
      <SchedulerNotice model={scheduler} trans={trans} what={waits} />
      <Trouble onRetry={() => void model.refresh()} trans={trans} words={model.trouble} />
      <Trouble onDismiss={() => model.dismiss()} trans={trans} words={model.refusal} />
      {editor ? (
        <ScheduleForm
          choose={services.choose}
          editor={editor}
          key={editor.edited?.schedule.id ?? 'new'}
          onCancel={() => panel.edit(null)}
          onDone={() => panel.edit(null)}
          trans={trans}
        />
      ) : (
        <Overview panel={panel} services={services} />
      )}
    </div>
  );
}

function Overview(props: {
  readonly panel: SchedulesPanel;
  readonly services: ISchedulesServices;
}): JSX.Element {
  const { panel, services } = props;
  const { trans } = services;
  const model = panel.model;
  const actions = useActions(panel, services);
  return (
    <>
      <Bar create={() => panel.edit(services.newEditor())} model={model} trans={trans} />
      <div
        aria-label={trans.__('Table of schedules')}
        className="nb2prod-Panel-scroll"
        role="region"
        tabIndex={0}
      >
        {model.schedules.length > 0 && <ScheduleTable actions={actions} model={model} trans={trans} />}
        {model.isReady && model.schedules.length === 0 && (
          <Nothing isSought={Boolean(model.search)} trans={trans} />
        )}
        {!model.isReady && !model.trouble && <p className="nb2prod-Panel-empty">{trans.__('Loading …')}</p>}
        {model.hasMore && (
          <button
            className="jp-mod-styled nb2prod-Panel-more"
            onClick={() => void model.showMore()}
            type="button"
          >
            {trans.__('Show more')}
          </button>
        )}
      </div>
    </>
  );
}

function Bar(props: {
  readonly model: SchedulesModel;
  readonly trans: TranslationBundle;
  readonly create: () => void;
}): JSX.Element {
  const { model, trans, create } = props;
  return (
    <div className="nb2prod-Panel-bar" role="group" aria-label={trans.__('Schedules')}>
      <button className="jp-mod-styled jp-mod-accept nb2prod-mod-icon" onClick={create} type="button">
        <addIcon.react tag="span" /> {trans.__('New schedule')}
      </button>
      <input
        aria-label={trans.__('Search schedules by name')}
        className="jp-mod-styled nb2prod-Panel-search"
        onChange={event => model.seek(event.target.value)}
        placeholder={trans.__('Search by name')}
        type="search"
        value={model.search}
      />
      <span aria-live="polite" className="nb2prod-mod-faint nb2prod-Panel-count">
        {model.isReady && trans._n('%1 schedule', '%1 schedules', model.total, model.total)}
      </span>
      <IconButton icon={refreshIcon} label={trans.__('Refresh')} onPress={() => void model.refresh()} />
    </div>
  );
}

function Nothing(props: { readonly isSought: boolean; readonly trans: TranslationBundle }): JSX.Element {
  const { trans } = props;
  return (
    <div className="nb2prod-Panel-empty">
      {props.isSought ? (
        <p>{trans.__('No schedule has such a name.')}</p>
      ) : (
        <>
          <p>{trans.__('No schedules yet.')}</p>
          <p>
            {trans.__(
              'A schedule runs a notebook or a project at times of the calendar, or after another one.'
            )}
          </p>
        </>
      )}
    </div>
  );
}

function useActions(panel: SchedulesPanel, services: ISchedulesServices): IRowActions {
  const { trans, editorOf, openRuns, openRun } = services;
  const { model } = panel;
  return {
    edit: row =>
      void editorOf(row).then(
        editor => panel.edit(editor),
        error => model.refuse(error)
      ),
    remove: row =>
      void askToRemove(row.name, trans).then(isSure => (isSure ? model.remove(row.name) : undefined)),
    openRuns: row => openRuns(row.name),
    openRun
  };
}

async function askToRemove(name: string, trans: TranslationBundle): Promise<boolean> {
  const answer = await showDialog({
    title: trans.__('Remove %1?', name),
    body: trans.__('It runs no more. Its runs stay.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Remove') })
    ],
    defaultButton: 0
  });
  return answer.button.accept;
}
