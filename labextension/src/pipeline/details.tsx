// All names of what the pointer or the focus is on: the graph has room for a few.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IStep } from '../api';
import type { IShown } from './graph';
import { PARAMETERS } from './layout';
import type { PipelineModel } from './model';
import { byReader, bySource, edgeInWords } from './words';

interface IDetailsProps {
  readonly model: PipelineModel;
  readonly trans: TranslationBundle;
  readonly shown: IShown | null;
}

/** It keeps its height, so that the graph does not jump. */
export function Details({ model, trans, shown }: IDetailsProps): JSX.Element {
  const route = shown?.kind === 'route' ? model.graph.routes.find(each => each.id === shown.id) : undefined;
  const node = shown?.kind === 'node' ? shown.id : shown === null ? model.currentNode : null;
  const step = model.look?.steps.find(each => each.name === node);
  return (
    <div className="nb2prod-Details" role="note" aria-label={trans.__('Details')} tabIndex={0}>
      {route && <p>{edgeInWords(route, trans)}</p>}
      {step && <StepDetails step={step} trans={trans} />}
      {node === PARAMETERS && <ParameterDetails model={model} trans={trans} />}
      {!route && !step && node !== PARAMETERS && (
        <p className="nb2prod-mod-faint">
          {trans.__('Point at a step or an edge to see all that flows there.')}
        </p>
      )}
    </div>
  );
}

function StepDetails({ step, trans }: { step: IStep; trans: TranslationBundle }): JSX.Element {
  return (
    <>
      <p>
        <strong>{step.name}</strong> {step.summary}
      </p>
      {[...bySource(step)].map(([source, names]) => (
        <Names
          key={`<${source}`}
          title={trans.__('from %1', source || trans.__('the parameters'))}
          names={names}
        />
      ))}
      {[...byReader(step)].map(([reader, names]) => (
        <Names key={`>${reader}`} title={trans.__('to %1', reader)} names={names} />
      ))}
    </>
  );
}

function ParameterDetails({ model, trans }: Pick<IDetailsProps, 'model' | 'trans'>): JSX.Element {
  return (
    <>
      <p>
        <strong>{trans.__('Parameters')}</strong>
      </p>
      {model.graph.routes
        .filter(route => route.source === PARAMETERS)
        .map(route => (
          <Names key={route.id} title={trans.__('to %1', route.target)} names={route.names} />
        ))}
    </>
  );
}

function Names({ title, names }: { title: string; names: readonly string[] }): JSX.Element {
  return (
    <p>
      <span className="nb2prod-List-note">{title}:</span> <code>{names.join(', ')}</code>
    </p>
  );
}
