// The pipeline as a list: what each step takes, gives and is told, with the way to each place.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IFinding, IInput, ILook, IOutput, IParameter, IStep } from '../api';
import { gravest } from '../findings/model';
import { SeverityMark, StateMark } from '../ui/marks';
import { PARAMETERS } from './layout';
import type { PipelineModel } from './model';
import { cellsInWords, findingsInWords, stateInWords } from './words';

export interface IListProps {
  readonly model: PipelineModel;
  readonly trans: TranslationBundle;
  readonly findings: readonly IFinding[];
}

export function ListView({ model, trans, findings }: IListProps): JSX.Element {
  const look = model.look;
  const current = model.currentNode;
  const box = React.useRef<HTMLOListElement>(null);
  React.useEffect(() => {
    box.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return (
    <ol className="nb2prod-List" aria-label={trans.__('Steps')} ref={box}>
      {look !== null && look.parameters.length > 0 && (
        <ParametersItem look={look} model={model} trans={trans} isCurrent={current === PARAMETERS} />
      )}
      {look?.steps.map(step => (
        <StepItem
          key={step.name}
          step={step}
          model={model}
          trans={trans}
          findings={findings.filter(finding => step.cells.includes(finding.cell))}
          isCurrent={current === step.name}
        />
      ))}
    </ol>
  );
}

/** A text that leads to a place in the notebook. */
export function Jump(props: {
  readonly onJump: () => void;
  readonly label?: string;
  readonly title?: string;
  readonly children: React.ReactNode;
}): JSX.Element {
  return (
    <button
      type="button"
      className="nb2prod-Jump"
      onClick={props.onJump}
      aria-label={props.label}
      title={props.title ?? props.label}
    >
      {props.children}
    </button>
  );
}

function ParametersItem(props: {
  readonly look: ILook;
  readonly model: PipelineModel;
  readonly trans: TranslationBundle;
  readonly isCurrent: boolean;
}): JSX.Element {
  const { look, model, trans, isCurrent } = props;
  return (
    <li className="nb2prod-List-item" aria-current={isCurrent || undefined}>
      <h3 className="nb2prod-List-title">
        <Jump onJump={() => model.revealNode(PARAMETERS)}>{trans.__('Parameters')}</Jump>
      </h3>
      <ul className="nb2prod-List-names">
        {look.parameters.map(parameter => (
          <ParameterItem key={parameter.name} parameter={parameter} model={model} />
        ))}
      </ul>
    </li>
  );
}

function ParameterItem({ parameter, model }: { parameter: IParameter; model: PipelineModel }): JSX.Element {
  const { name, annotation, comment, cell, line } = parameter;
  const value = parameter.secret ? '•••' : parameter.default_text;
  const code = `${name}${annotation && `: ${annotation}`}${value && ` = ${value}`}`;
  return (
    <li>
      <Jump onJump={() => model.revealCells([cell], line)} title={code}>
        <code>{code}</code>
      </Jump>
      {comment && <span className="nb2prod-List-note">{comment}</span>}
    </li>
  );
}

interface IStepProps extends IListProps {
  readonly step: IStep;
  readonly isCurrent: boolean;
}

function StepItem(props: IStepProps): JSX.Element {
  const { step, model, trans, isCurrent } = props;
  const flags = [step.inference ? trans.__('inference') : '', step.metrics.length ? trans.__('metrics') : ''];
  return (
    <li
      className="nb2prod-List-item"
      style={{ borderLeftColor: model.colourOf(step.name) }}
      aria-current={isCurrent || undefined}
    >
      <h3 className="nb2prod-List-title">
        <Jump onJump={() => model.revealNode(step.name)} title={step.name}>
          {step.name}
        </Jump>
        {flags.filter(Boolean).map(flag => (
          <span key={flag} className="nb2prod-List-flag">
            {flag}
          </span>
        ))}
      </h3>
      {step.summary && <p className="nb2prod-List-summary">{step.summary}</p>}
      <StepSigns {...props} />
      <p className="nb2prod-List-cells">
        {step.cells.map(cell => (
          <Jump key={cell} label={cellsInWords([cell], trans)} onJump={() => model.revealCells([cell])}>
            {cell}
          </Jump>
        ))}
      </p>
      <StepNames step={step} model={model} trans={trans} />
    </li>
  );
}

function StepSigns({ step, model, trans, findings }: IStepProps): JSX.Element | null {
  const state = model.stateOf(step.name);
  const worst = gravest(findings);
  if (!state && !worst) {
    return null;
  }
  return (
    <p className="nb2prod-List-signs">
      {state && (
        <span>
          <StateMark state={state.state} size={12} /> {stateInWords(state, trans)}
        </span>
      )}
      {worst && (
        <span>
          <SeverityMark severity={worst} size={12} /> {findingsInWords(findings, trans)}
        </span>
      )}
    </p>
  );
}

function StepNames({ step, model, trans }: Pick<IStepProps, 'step' | 'model' | 'trans'>): JSX.Element {
  const options = Object.entries(step.options);
  const row = (title: string, content: React.ReactNode) => (
    <>
      <dt>{title}</dt>
      <dd>{content}</dd>
    </>
  );
  const names = (all: readonly string[]) => <code>{all.join(', ')}</code>;
  return (
    <dl className="nb2prod-List-facts">
      {!step.is_wired && row(trans.__('takes'), trans.__('not known: see the findings'))}
      {step.inputs.length > 0 &&
        row(
          trans.__('takes'),
          step.inputs.map(input => <Input key={input.name} input={input} model={model} trans={trans} />)
        )}
      {step.outputs.length > 0 &&
        row(
          trans.__('gives'),
          step.outputs.map(output => <Output key={output.name} output={output} model={model} trans={trans} />)
        )}
      {step.state.length > 0 && row(trans.__('state'), names(step.state))}
      {step.functions.length > 0 && row(trans.__('functions'), names(step.functions))}
      {step.metrics.length > 0 && row(trans.__('metrics'), names(step.metrics))}
      {options.length > 0 &&
        row(trans.__('options'), names(options.map(([name, value]) => `${name} ${optionText(value)}`)))}
    </dl>
  );
}

function optionText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface IFactProps {
  readonly model: PipelineModel;
  readonly trans: TranslationBundle;
}

function Input({ input, model, trans }: IFactProps & { input: IInput }): JSX.Element {
  const source = input.source === PARAMETERS ? trans.__('parameters') : input.source;
  return (
    <div className="nb2prod-List-fact">
      <code title={input.name}>{input.name}</code>{' '}
      <span className="nb2prod-List-note">
        {trans.__('from')} <Jump onJump={() => model.revealNode(input.source)}>{source}</Jump>
      </span>
      {input.cell > 0 && (
        <Jump
          onJump={() => model.revealCells([input.cell], input.line)}
          title={input.code}
          label={trans.__('%1: cell %2, line %3: %4', input.name, input.cell, input.line, input.code)}
        >
          <code className="nb2prod-List-code">{input.code || `${input.cell}:${input.line}`}</code>
        </Jump>
      )}
    </div>
  );
}

function Output({ output, model, trans }: IFactProps & { output: IOutput }): JSX.Element {
  return (
    <div className="nb2prod-List-fact">
      <Jump onJump={() => model.revealCells([output.cell])} title={output.name}>
        <code>{output.name}</code>
      </Jump>{' '}
      <span className="nb2prod-List-note">
        {output.readers.length > 0 && trans.__('to')}{' '}
        {output.readers.map((reader, place) => (
          <React.Fragment key={reader}>
            {place > 0 && ', '}
            <Jump onJump={() => model.revealNode(reader)}>{reader}</Jump>
          </React.Fragment>
        ))}
        {output.is_result && <span className="nb2prod-List-flag">{trans.__('result')}</span>}
      </span>
    </div>
  );
}
