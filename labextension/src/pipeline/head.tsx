// The panel's head: which notebook, and how its pipeline is shown.

import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, listIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { IconButton } from '../ui/icon_button';
import { fitIcon, minusIcon, pipelineIcon } from '../ui/icons';
import type { PipelinePanel } from './panel';
import { fitWhole, IViewport, zoomed } from './viewport';

export function Head({ panel, trans }: { panel: PipelinePanel; trans: TranslationBundle }): JSX.Element {
  const { model } = panel;
  const path = model.front?.path ?? '';
  const isWaiting = model.status !== 'none' && model.front?.look.state === 'waiting';
  return (
    <header className="nb2prod-Head">
      <h2 title={path || undefined}>{path.split('/').pop() || trans.__('Pipeline')}</h2>
      <span className="nb2prod-Head-busy" role="status">
        {isWaiting && (
          <span className="nb2prod-Head-dot" title={trans.__('The notebook is being looked at')} />
        )}
        {isWaiting && <span className="nb2prod-Hidden">{trans.__('The notebook is being looked at')}</span>}
      </span>
      <Tools panel={panel} trans={trans} />
    </header>
  );
}

function Tools({ panel, trans }: { panel: PipelinePanel; trans: TranslationBundle }): JSX.Element {
  const { model, state } = panel;
  const hasGraph = state.view === 'graph' && model.graph.nodes.length > 0 && !model.proposal;
  const middle = [panel.room.width / 2, panel.room.height / 2] as const;
  const move = (next: (view: IViewport) => IViewport) => () => {
    panel.move(next(panel.viewport ?? { x: 0, y: 0, scale: 1 }));
  };
  const fit = move(() => fitWhole(model.graph, panel.room));
  const show = (view: 'graph' | 'list') => () => panel.arrange({ view });
  return (
    <div className="nb2prod-Head-tools" role="toolbar" aria-label={trans.__('How the pipeline is shown')}>
      {hasGraph && (
        <>
          <IconButton
            icon={minusIcon}
            label={trans.__('Zoom out')}
            onPress={move(at => zoomed(at, 0.8, ...middle))}
          />
          <IconButton
            icon={addIcon}
            label={trans.__('Zoom in')}
            onPress={move(at => zoomed(at, 1.25, ...middle))}
          />
          <IconButton icon={fitIcon} label={trans.__('Show the whole graph')} onPress={fit} />
          <span className="nb2prod-Head-gap" />
        </>
      )}
      <IconButton
        icon={pipelineIcon}
        label={trans.__('As a graph')}
        isPressed={state.view === 'graph'}
        onPress={show('graph')}
      />
      <IconButton
        icon={listIcon}
        label={trans.__('As a list')}
        isPressed={state.view === 'list'}
        onPress={show('list')}
      />
    </div>
  );
}
