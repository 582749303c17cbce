// What is asked before a run: what, with which parameters, and how.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IPool } from '../rest';
import { SchedulerNotice } from '../ui/daemon';
import { FormDialog } from '../ui/form_dialog';
import { useModel } from '../ui/hooks';
import { Check, described, Notice, Row } from '../ui/parts';
import type { SchedulerModel } from '../ui/scheduler';
import { ParameterFields } from './fields';
import type { AdvancedName, RunOrder, What } from './order';

interface IProps {
  readonly order: RunOrder;
  readonly scheduler: SchedulerModel;
  readonly pools: readonly IPool[];
  readonly trans: TranslationBundle;
}

export function runDialog(props: IProps): FormDialog {
  const { order, trans } = props;
  const first = order.form.fields[0];
  return new FormDialog(order, {
    title: trans.__('Run %1', order.title),
    accept: trans.__('Run'),
    body: <RunForm {...props} />,
    focus: first ? `#nb2prod-parameter-${first.name}` : '.jp-mod-accept',
    trans
  });
}

function RunForm(props: IProps): JSX.Element {
  const { order, scheduler, trans } = props;
  useModel(order);
  const isPipeline = order.what === 'pipeline';
  const refused = isPipeline ? '' : (order.runnable.notebook?.refused ?? '');
  return (
    <div className="nb2prod-Form">
      {refused && <Notice kind="error">{trans.__('This notebook cannot run as a job: %1', refused)}</Notice>}
      {order.problem && (
        <Notice kind="error">
          <span className="nb2prod-mod-pre">{order.problem}</span>
        </Notice>
      )}
      <SchedulerNotice
        model={scheduler}
        trans={trans}
        what={trans.__('The run waits in the queue until one runs.')}
      />
      <WhatRuns order={order} trans={trans} />
      <fieldset>
        <legend>{trans.__('Parameters')}</legend>
        <ParameterFields form={order.form} secrets={!isPipeline} trans={trans} />
      </fieldset>
      <Advanced {...props} />
    </div>
  );
}

function WhatRuns({ order, trans }: Pick<IProps, 'order' | 'trans'>): JSX.Element {
  const { notebook, project } = order.runnable;
  const choices: [What, string, boolean][] = [
    ['screen', trans.__('The notebook as it is on the screen'), !!notebook?.content],
    ['saved', trans.__('The notebook as it is saved'), !!notebook],
    ['pipeline', project ? trans.__('The pipeline in %1', project.folder) : '', !!project]
  ];
  return (
    <fieldset>
      <legend>{trans.__('What runs')}</legend>
      {choices
        .filter(([, , is]) => is)
        .map(([what, label]) => (
          <div className="nb2prod-Check" key={what}>
            <input
              checked={order.what === what}
              id={`nb2prod-run-${what}`}
              name="nb2prod-run-what"
              onChange={() => order.choose(what)}
              type="radio"
            />
            <label htmlFor={`nb2prod-run-${what}`}>{label}</label>
          </div>
        ))}
      {notebook && !project && (
        <div className="nb2prod-Hint">{trans.__('Convert it to run it as a pipeline.')}</div>
      )}
    </fieldset>
  );
}

function Advanced({ order, pools, trans }: IProps): JSX.Element {
  const isPipeline = order.what === 'pipeline';
  const text = (name: AdvancedName, label: string, help = '', placeholder = '') => (
    <Text help={help} label={label} name={name} order={order} placeholder={placeholder} />
  );
  const [open, setOpen] = React.useState(false);
  const hasError = order.hasAdvancedError;
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)} open={open || hasError}>
      <summary>{trans.__('Limits, outputs, and more')}</summary>
      <div className="nb2prod-Fields">
        {text('name', trans.__('Name'), trans.__('Of the job; its runs are found by it.'))}
        {text('timeout', trans.__('Run for at most'), '', trans.__('no limit'))}
        {!isPipeline && text('cellTimeout', trans.__('A cell for at most'), '', trans.__('no limit'))}
        {text('memory', trans.__('Memory at most'), '', trans.__('no limit'))}
        {text('retries', trans.__('Retries'), trans.__('After a failure that another try may repair.'))}
        {text('delay', trans.__('Pause before a retry'), trans.__('It doubles with each further one.'))}
        {!isPipeline && <Outputs order={order} trans={trans} />}
        <Pool order={order} pools={pools} trans={trans} />
        {text(
          'priority',
          trans.__('Priority'),
          trans.__('The higher it is, the sooner it leaves the queue.')
        )}
      </div>
    </details>
  );
}

function Outputs({ order, trans }: Pick<IProps, 'order' | 'trans'>): JSX.Element {
  return (
    <>
      <Text
        help={trans.__(
          'A folder or a notebook, from JupyterLab’s folder on. {run}, {date}, {p.NAME} stand for this run’s.'
        )}
        label={trans.__('Output')}
        name="output"
        order={order}
        placeholder={trans.__('kept in the store')}
      />
      <Row error={order.error('pdf')} id="nb2prod-run-html" label={trans.__('Also as')}>
        <Check
          checked={order.advanced.html}
          id="nb2prod-run-html"
          label="HTML"
          onChange={html => order.set({ html })}
        />
        <Check
          checked={order.advanced.pdf}
          id="nb2prod-run-pdf"
          label="PDF"
          onChange={pdf => order.set({ pdf })}
        />
      </Row>
    </>
  );
}

function Pool({ order, pools, trans }: Omit<IProps, 'scheduler'>): JSX.Element | null {
  const names = pools.some(pool => pool.name === 'default')
    ? pools.map(pool => pool.name)
    : ['default', ...pools.map(pool => pool.name)];
  const id = 'nb2prod-run-pool';
  return names.length > 1 ? (
    <Row error={order.error('pool')} id={id} label={trans.__('Pool')}>
      <select
        className="jp-mod-styled"
        id={id}
        onChange={event => order.set({ pool: event.target.value })}
        value={order.advanced.pool}
      >
        {names.map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </Row>
  ) : null;
}

function Text(props: {
  readonly name: AdvancedName;
  readonly order: RunOrder;
  readonly label: string;
  readonly help: string;
  readonly placeholder: string;
}): JSX.Element {
  const { name, order, label, help, placeholder } = props;
  const id = `nb2prod-run-${name}`;
  const error = order.error(name);
  return (
    <Row error={error} help={help} id={id} label={label}>
      <input
        {...described(id, error, help)}
        className="jp-mod-styled"
        id={id}
        onChange={event => order.set({ [name]: event.target.value })}
        placeholder={placeholder}
        spellCheck={false}
        type="text"
        value={String(order.advanced[name])}
      />
    </Row>
  );
}
