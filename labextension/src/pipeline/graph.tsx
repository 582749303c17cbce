// The graph as SVG: steps, what flows between them, and the keys and gestures that move through it.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IFinding, IStep } from '../api';
import { gravest } from '../findings/model';
import { SeverityMark, severityWord, StateMark } from '../ui/marks';
import { duration } from '../ui/parts';
import { INode, IPoint, IRoute, labelWidth, neighbour, PARAMETERS, Arrow } from './layout';
import type { PipelineModel } from './model';
import { ISize, IViewport, panned, showing, zoomed } from './viewport';
import { useGestures, useSize } from './gestures';
import {
  edgeInWords,
  findingsInWords,
  parametersInWords,
  stateInWords,
  stateWord,
  stepInWords
} from './words';

export interface IShown {
  /** A node, or a route by its id. */
  readonly kind: 'node' | 'route';
  readonly id: string;
}

export interface IGraphProps {
  readonly model: PipelineModel;
  readonly trans: TranslationBundle;
  readonly findings: readonly IFinding[];
  readonly viewport: IViewport | null;
  readonly onViewport: (viewport: IViewport) => void;
  readonly onRoom: (room: ISize) => void;
  readonly onShow: (shown: IShown | null) => void;
  readonly shown: IShown | null;
}

export function GraphView(props: IGraphProps): JSX.Element {
  const { model, trans, viewport } = props;
  const svg = React.useRef<SVGSVGElement>(null);
  const room = useSize(svg, props.onRoom);
  const view = viewport ?? { x: 0, y: 0, scale: 1 };
  const move = props.onViewport;
  const isDragged = useGestures(svg, view, move);
  const current = model.currentNode;
  const [roving, setRoving] = React.useState<string | null>(null);
  const ids = model.graph.nodes.map(node => node.id);
  const tabbed =
    [roving, current, ids[0]].find(id => id !== null && id !== undefined && ids.includes(id)) ?? null;
  useCurrentInView(model, current, view, room, move);

  const focus = (id: string) => {
    setRoving(id);
    svg.current
      ?.querySelector<SVGGElement>(`[data-node="${CSS.escape(id)}"]`)
      ?.focus({ preventScroll: true });
    const node = model.graph.nodes.find(each => each.id === id);
    if (node) {
      move(showing(view, node, room.current));
    }
  };
  const onKey = (event: React.KeyboardEvent) =>
    handleKey(event, { model, at: tabbed, focus, move, view, room: room.current });
  const name = trans._n(
    'Pipeline of %2: %1 step',
    'Pipeline of %2: %1 steps',
    model.look?.steps.length ?? 0,
    fileOf(model)
  );
  return (
    <svg
      ref={svg}
      className={`nb2prod-Graph${isDragged ? ' nb2prod-mod-dragged' : ''}`}
      role="graphics-document"
      aria-roledescription={trans.__('graph')}
      aria-label={name}
      onKeyDown={onKey}
    >
      <Arrowheads />
      <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
        <Routes {...props} />
        {model.graph.nodes.map(node => (
          <NodeView
            key={node.id}
            {...props}
            node={node}
            isCurrent={node.id === current}
            isTabbed={node.id === tabbed}
            onFocus={() => {
              setRoving(node.id);
              props.onShow({ kind: 'node', id: node.id });
            }}
          />
        ))}
      </g>
    </svg>
  );
}

function fileOf(model: PipelineModel): string {
  return model.front?.path.split('/').pop() ?? '';
}

/** When another cell becomes the active one its node comes into view. */
function useCurrentInView(
  model: PipelineModel,
  current: string | null,
  view: IViewport,
  room: React.MutableRefObject<ISize>,
  move: (next: IViewport) => void
): void {
  const seen = React.useRef(current);
  React.useEffect(() => {
    if (seen.current === current) {
      return;
    }
    seen.current = current;
    const node = model.graph.nodes.find(each => each.id === current);
    const next = node && room.current.width ? showing(view, node, room.current) : view;
    if (next !== view) {
      move(next);
    }
  });
}

const ARROWS: Readonly<Record<string, Arrow>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right'
};
const PANS: Readonly<Record<Arrow, readonly [number, number]>> = {
  up: [0, 40],
  down: [0, -40],
  left: [40, 0],
  right: [-40, 0]
};

interface IKeyPlace {
  readonly model: PipelineModel;
  readonly at: string | null;
  readonly focus: (id: string) => void;
  readonly move: (view: IViewport) => void;
  readonly view: IViewport;
  readonly room: ISize;
}

/** Arrows walk along edges, with Shift they move the picture; Enter goes to the cells, Escape to the notebook. */
function handleKey(event: React.KeyboardEvent, { model, at, focus, move, view, room }: IKeyPlace): void {
  const arrow = ARROWS[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const nodes = model.graph.nodes;
  const middle = [room.width / 2, room.height / 2] as const;
  const ends: Record<string, string | undefined> = { Home: nodes[0]?.id, End: nodes[nodes.length - 1]?.id };
  if (arrow && event.shiftKey) {
    move(panned(view, ...PANS[arrow]));
  } else if (arrow && at !== null) {
    const next = neighbour(model.graph, at, arrow);
    if (next !== null) {
      focus(next);
    }
  } else if (ends[event.key] !== undefined) {
    focus(ends[event.key]!);
  } else if ((event.key === 'Enter' || event.key === ' ') && at !== null) {
    model.revealNode(at);
  } else if (event.key === '+' || event.key === '=') {
    move(zoomed(view, 1.25, ...middle));
  } else if (event.key === '-') {
    move(zoomed(view, 0.8, ...middle));
  } else if (event.key === 'Escape') {
    model.front?.focus();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function Arrowheads(): JSX.Element {
  const head = (id: string) => (
    <marker id={id} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
      <path d="M0 0.5L8 4L0 7.5z" className={id} />
    </marker>
  );
  return (
    <defs>
      {head('nb2prod-arrow')}
      {head('nb2prod-arrow-lit')}
    </defs>
  );
}

function Routes({ model, trans, shown, onShow }: IGraphProps): JSX.Element {
  const isLit = (route: IRoute) =>
    shown?.kind === 'route'
      ? route.id === shown.id
      : shown !== null && (route.source === shown.id || route.target === shown.id);
  return (
    <g aria-hidden="true">
      {model.graph.routes.map(route => (
        <g
          key={route.id}
          className={`nb2prod-Graph-edge nb2prod-mod-${route.kind}${isLit(route) ? ' nb2prod-mod-lit' : ''}`}
          onPointerEnter={() => onShow({ kind: 'route', id: route.id })}
          onPointerLeave={() => onShow(null)}
        >
          <title>{edgeInWords(route, trans)}</title>
          <path className="nb2prod-Graph-reach" d={route.path} />
          <path
            className="nb2prod-Graph-line"
            d={route.path}
            markerEnd={`url(#nb2prod-arrow${isLit(route) ? '-lit' : ''})`}
          />
          {route.at && <Names route={route} at={route.at} />}
        </g>
      ))}
    </g>
  );
}

function Names({ route, at }: { route: IRoute; at: IPoint }): JSX.Element {
  const width = labelWidth(route.label);
  return (
    <>
      <rect className="nb2prod-Graph-behind" x={at.x - width / 2} y={at.y - 7} width={width} height={14} />
      <text className="nb2prod-Graph-names" x={at.x} y={at.y}>
        {route.label}
      </text>
    </>
  );
}

interface INodeProps extends IGraphProps {
  readonly node: INode;
  readonly isCurrent: boolean;
  readonly isTabbed: boolean;
  readonly onFocus: () => void;
}

function NodeView(props: INodeProps): JSX.Element | null {
  const { model, node, trans, isCurrent, isTabbed, onShow } = props;
  const step = model.look?.steps.find(each => each.name === node.id);
  if (!model.look || (!step && node.id !== PARAMETERS)) {
    return null; // it went away since; the next layout is on its way
  }
  const findings = step ? props.findings.filter(finding => step.cells.includes(finding.cell)) : [];
  const words = step
    ? stepInWords(step, findings, model.stateOf(step.name), trans)
    : parametersInWords(model.look, trans);
  const reveal = () => model.revealNode(node.id);
  return (
    <g
      className={`nb2prod-Graph-node${isCurrent ? ' nb2prod-mod-current' : ''}${step ? '' : ' nb2prod-mod-parameters'}`}
      data-node={node.id}
      transform={`translate(${node.x} ${node.y})`}
      role="button"
      aria-label={words}
      aria-current={isCurrent ? 'step' : undefined}
      tabIndex={isTabbed ? 0 : -1}
      onClick={reveal}
      onFocus={props.onFocus}
      onBlur={() => onShow(null)}
      onPointerEnter={() => onShow({ kind: 'node', id: node.id })}
      onPointerLeave={() => onShow(null)}
    >
      <title>{step ? step.name : words}</title>
      <rect className="nb2prod-Graph-box" width={node.width} height={node.height} rx={4} />
      {step ? (
        <StepFace node={node} step={step} findings={findings} model={model} trans={trans} />
      ) : (
        <ParametersFace node={node} trans={trans} />
      )}
    </g>
  );
}

function ParametersFace({ node, trans }: { node: INode; trans: TranslationBundle }): JSX.Element {
  return (
    <g aria-hidden="true">
      <text className="nb2prod-Graph-role" x={node.width / 2} y={18}>
        {trans.__('Parameters')}
      </text>
      <text className="nb2prod-Graph-parameters" x={node.width / 2} y={34}>
        {node.label}
      </text>
    </g>
  );
}

interface IFaceProps {
  readonly node: INode;
  readonly step: IStep;
  readonly findings: readonly IFinding[];
  readonly model: PipelineModel;
  readonly trans: TranslationBundle;
}

function StepFace({ node, step, findings, model, trans }: IFaceProps): JSX.Element {
  const worst = gravest(findings);
  const state = model.stateOf(step.name);
  return (
    <g aria-hidden="true">
      <path
        style={{ fill: model.colourOf(step.name) }}
        d={`M4 0H7V${node.height}H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z`}
      />
      <text className="nb2prod-Graph-name" x={15} y={19}>
        {node.label}
      </text>
      <Flags node={node} step={step} trans={trans} />
      <Chips node={node} />
      {worst && (
        <g transform={`translate(${node.width - 36} 29)`}>
          <title>{`${severityWord(worst, trans)}: ${findingsInWords(findings, trans)}`}</title>
          <SeverityMark severity={worst} size={12} />
          <text className="nb2prod-Graph-count" x={15} y={10}>
            {findings.length}
          </text>
        </g>
      )}
      {state && (
        <g className={`nb2prod-Graph-state nb2prod-mod-${state.state}`} transform="translate(15 49)">
          <title>{stateInWords(state, trans)}</title>
          <StateMark state={state.state} size={11} />
          <text x={16} y={9.5}>
            {stateWord(state.state, trans)}
            {state.seconds !== null && ` · ${duration(state.seconds, trans)}`}
          </text>
        </g>
      )}
    </g>
  );
}

/** What else the tags say: metrics, inference. */
function Flags({ node, step, trans }: Pick<IFaceProps, 'node' | 'step' | 'trans'>): JSX.Element {
  const flags = [
    { on: step.metrics.length > 0, letter: 'M', title: trans.__('Metrics: %1', step.metrics.join(', ')) },
    { on: step.inference, letter: 'I', title: trans.__('For inference') }
  ].filter(flag => flag.on);
  return (
    <>
      {flags.map((flag, place) => (
        <g
          key={flag.letter}
          transform={`translate(${node.width - 22 - place * 18} 7)`}
          className="nb2prod-Graph-flag"
        >
          <title>{flag.title}</title>
          <rect width={15} height={15} rx={7.5} />
          <text x={7.5} y={11}>
            {flag.letter}
          </text>
        </g>
      ))}
    </>
  );
}

function Chips({ node }: { node: INode }): JSX.Element {
  const chips = [...node.chips.map(String), ...(node.more ? [`+${node.more}`] : [])];
  return (
    <>
      {chips.map((chip, place) => (
        <g key={chip} className="nb2prod-Graph-chip" transform={`translate(${15 + place * 23} 28)`}>
          <rect width={20} height={14} rx={3} />
          <text x={10} y={10.5}>
            {chip}
          </text>
        </g>
      ))}
    </>
  );
}
