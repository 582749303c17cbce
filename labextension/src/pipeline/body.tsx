// What stands between the panel's head and its findings: the pipeline, a proposal, or why there is neither.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IFinding } from '../api';
import { Details } from './details';
import { GraphView, IShown } from './graph';
import { ListView } from './list';
import type { PipelinePanel } from './panel';
import { ProposalView } from './proposalview';
import { fit } from './viewport';

interface IBodyProps {
  readonly panel: PipelinePanel;
  readonly trans: TranslationBundle;
  readonly findings: readonly IFinding[];
}

export function Body({ panel, trans, findings }: IBodyProps): JSX.Element {
  const { model } = panel;
  if (model.proposal) {
    return <ProposalView model={model} trans={trans} />;
  }
  const hasSteps = (model.look?.steps.length ?? 0) + (model.look?.parameters.length ?? 0) > 0;
  const isShown = hasSteps && model.status !== 'none' && model.status !== 'empty';
  return (
    <>
      <Notice panel={panel} trans={trans} />
      {isShown && (
        <div className={`nb2prod-Body${model.isStale ? ' nb2prod-mod-stale' : ''}`}>
          {panel.state.view === 'graph' ? (
            <Graph panel={panel} trans={trans} findings={findings} />
          ) : (
            <ListView model={model} trans={trans} findings={findings} />
          )}
        </div>
      )}
    </>
  );
}

function Graph({ panel, trans, findings }: IBodyProps): JSX.Element {
  const { model } = panel;
  const [shown, setShown] = React.useState<IShown | null>(null);
  // the first picture of a notebook is fitted; after that it stays as it was left
  const isFirst = panel.viewport === null && model.graph.nodes.length > 0 && panel.room.width > 0;
  React.useEffect(() => {
    if (isFirst) {
      panel.move(fit(model.graph, panel.room));
    }
  });
  return (
    <>
      <GraphView
        model={model}
        trans={trans}
        findings={findings}
        viewport={panel.viewport}
        onViewport={viewport => panel.move(viewport)}
        onRoom={room => panel.resize(room)}
        shown={shown}
        onShow={setShown}
      />
      <Details model={model} trans={trans} shown={shown} />
    </>
  );
}

/** Why the pipeline is not there, or not whole. */
function Notice({ panel, trans }: { panel: PipelinePanel; trans: TranslationBundle }): JSX.Element | null {
  const { model } = panel;
  switch (model.status) {
    case 'none':
      return <Said>{trans.__('Open a notebook to see its pipeline.')}</Said>;
    case 'waiting':
      return <Said isFaint>{trans.__('The notebook is being looked at…')}</Said>;
    case 'failed':
      return (
        <Said isAlert action={trans.__('Ask again')} onAction={() => void model.front?.look.refresh()}>
          {trans.__('The server did not answer: %1', model.front?.look.problem ?? '')}
        </Said>
      );
    case 'refused':
      return <Said isAlert>{model.look?.refused}</Said>;
    case 'empty':
      return <Said>{trans.__('The notebook has no code yet.')}</Said>;
    case 'untagged':
      return <Untagged panel={panel} trans={trans} />;
    case 'ready':
      return <Asked panel={panel} trans={trans} />;
  }
}

function Untagged({ panel, trans }: { panel: PipelinePanel; trans: TranslationBundle }): JSX.Element {
  const { model } = panel;
  if (model.proposalTrouble) {
    return <Trouble panel={panel} trans={trans} />;
  }
  return (
    <Said action={trans.__('Suggest tags')} onAction={() => void model.suggest()}>
      {trans.__(
        'No cell has a tag yet. nb2prod can suggest what each cell is for; nothing is written before you accept it.'
      )}
    </Said>
  );
}

/** After tags were asked for and there are none to look over. */
function Asked({ panel, trans }: { panel: PipelinePanel; trans: TranslationBundle }): JSX.Element | null {
  const { model } = panel;
  if (model.proposalTrouble) {
    return <Trouble panel={panel} trans={trans} />;
  }
  return model.isAllTagged ? (
    <Said action={trans.__('Close')} onAction={() => model.closeProposal()}>
      {trans.__('There is nothing to suggest: each code cell has its tag.')}
    </Said>
  ) : null;
}

function Trouble({ panel, trans }: { panel: PipelinePanel; trans: TranslationBundle }): JSX.Element {
  return (
    <Said isAlert action={trans.__('Ask again')} onAction={() => void panel.model.suggest()}>
      {panel.model.proposalTrouble}
    </Said>
  );
}

function Said(props: {
  readonly children: React.ReactNode;
  readonly isFaint?: boolean;
  readonly isAlert?: boolean;
  readonly action?: string;
  readonly onAction?: () => void;
}): JSX.Element {
  const { children, isFaint, isAlert, action, onAction } = props;
  return (
    <div
      className={`nb2prod-Said${isFaint ? ' nb2prod-mod-faint' : ''}`}
      role={isAlert ? 'alert' : undefined}
    >
      <p>{children}</p>
      {action && (
        <button type="button" className="jp-mod-styled jp-mod-accept nb2prod-Button" onClick={onAction}>
          {action}
        </button>
      )}
    </div>
  );
}
