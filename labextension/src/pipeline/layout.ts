// Where each step and edge of the graph stands: layers from top to bottom, each below what it takes from.

import { Graph, layout } from '@dagrejs/dagre';

import type { IEdge, ILook, IStep } from '../api';

/** The parameters' node; no step has an empty name. */
export const PARAMETERS = '';

const LETTER = 7.3; // of the code font at 12 px
const SMALL_LETTER = 6.1; // at 10 px
const WIDEST = 28; // letters of a name
const NAMES_ON_EDGE = 3;
const LETTERS_ON_EDGE = 34;
const CHIP = 20;
const MANY_EDGES = 40; // then edges over many layers go their own way
const FEW_LAYERS = 2;
const SIDE = 12; // where the line of the parameters runs

export interface INode {
  readonly id: string;
  /** Of its left upper corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  readonly chips: readonly number[];
  readonly more: number;
}

export interface IRoute extends IEdge {
  readonly id: string;
  /** The `d` of an SVG path. */
  readonly path: string;
  readonly label: string;
  readonly at: IPoint | null;
}

export interface IPoint {
  readonly x: number;
  readonly y: number;
}

export interface ILayout {
  readonly nodes: readonly INode[];
  readonly routes: readonly IRoute[];
  readonly width: number;
  readonly height: number;
}

export type Drawn = Pick<ILook, 'steps' | 'edges' | 'parameters'>;

export const EMPTY: ILayout = { nodes: [], routes: [], width: 0, height: 0 };

/** The same text for graphs that are laid out the same. */
export function shapeOf(look: Drawn, tall: boolean): string {
  const steps = look.steps.map(step => [step.name, step.cells, step.inference, step.metrics.length > 0]);
  const edges = look.edges.map(edge => [edge.source, edge.target, edge.kind, edge.names]);
  return JSON.stringify([tall, steps, edges, look.parameters.map(parameter => parameter.name)]);
}

/** `tall`: with room for the state of a run. */
export function layoutOf(look: Drawn, tall = false): ILayout {
  const sizes = sizesOf(look, tall);
  if (!sizes.length) {
    return EMPTY;
  }
  const known = new Set(sizes.map(size => size.id));
  const edges = look.edges.filter(edge => known.has(edge.source) && known.has(edge.target));
  const layers = layersOf(edges);
  const isFar = (edge: IEdge) => (layers.get(edge.target) ?? 0) - (layers.get(edge.source) ?? 0) > 1;
  const along = edges.filter(edge => edge.source === PARAMETERS && isFar(edge));
  const others = edges.filter(edge => !along.includes(edge));
  const laid = new Set(others.length > MANY_EDGES ? others.filter(edge => isShort(edge, layers)) : others);
  const graph = laidOut(sizes, laid, along.length ? 26 : 8);
  const nodes = sizes.map(size => placed(size, graph.node(keyOf(size.id))));
  const byId = new Map(nodes.map(node => [node.id, node]));
  const route = (edge: IEdge): IRoute => {
    const [source, target] = [byId.get(edge.source)!, byId.get(edge.target)!];
    if (laid.has(edge)) {
      return routed(edge, graph.edge(keyOf(edge.source), keyOf(edge.target)));
    }
    return along.includes(edge) ? atTheSide(edge, source, target) : direct(edge, source, target);
  };
  return {
    nodes,
    routes: edges.map(route),
    width: graph.graph().width ?? 0,
    height: graph.graph().height ?? 0
  };
}

function laidOut(sizes: readonly Size[], edges: Iterable<IEdge>, margin: number): Graph {
  const graph = new Graph();
  const [nodesep, edgesep, ranksep] = [18, 8, 26];
  graph.setGraph({
    rankdir: 'TB',
    nodesep,
    edgesep,
    ranksep,
    marginx: margin,
    marginy: 8,
    ranker: 'tight-tree'
  });
  sizes.forEach(size => graph.setNode(keyOf(size.id), { width: size.width, height: size.height }));
  for (const edge of edges) {
    graph.setEdge(keyOf(edge.source), keyOf(edge.target), labelBox(edge));
  }
  layout(graph);
  return graph;
}

/** How many edges lead to each node at most. */
function layersOf(edges: readonly IEdge[]): ReadonlyMap<string, number> {
  const into = new Map<string, IEdge[]>();
  edges.forEach(edge => into.set(edge.target, [...(into.get(edge.target) ?? []), edge]));
  const layers = new Map<string, number>();
  const layerOf = (id: string): number => {
    const known = layers.get(id);
    if (known !== undefined) {
      return known;
    }
    layers.set(id, 0); // a ring would have no end
    const layer = Math.max(0, ...(into.get(id) ?? []).map(edge => layerOf(edge.source) + 1));
    layers.set(id, layer);
    return layer;
  };
  into.forEach((_, id) => layerOf(id));
  return layers;
}

/**
 * Whether an edge passes few layers. In a large graph the others cost dagre most of its time; the layers stay, since
 * each node keeps an edge to the layer above it.
 */
function isShort(edge: IEdge, layers: ReadonlyMap<string, number>): boolean {
  return (layers.get(edge.target) ?? 0) - (layers.get(edge.source) ?? 0) <= FEW_LAYERS;
}

/** Parameters go to many steps: down a line at the left, and in above the step, so that the graph stays narrow. */
function atTheSide(edge: IEdge, source: INode, target: INode): IRoute {
  const side = SIDE;
  const above = target.y - 14;
  const middle = source.y + source.height / 2;
  const into = target.x + 22;
  const points = [
    { x: source.x, y: middle },
    { x: side, y: middle },
    { x: side, y: above },
    { x: into, y: above },
    { x: into, y: target.y }
  ];
  const room = Math.floor((into - side - 24) / SMALL_LETTER) - 3; // and how many more
  const label = edgeLabel(edge.names, Math.max(8, Math.min(LETTERS_ON_EDGE, room)));
  const at = { x: side + 6 + labelWidth(label) / 2, y: above };
  return { ...edge, id: idOf(edge), path: elbows(points), label, at };
}

/** Lines with round corners. */
function elbows(points: readonly IPoint[]): string {
  const bends = points.slice(1, -1).map((point, place) => {
    const [before, after] = [points[place]!, points[place + 2]!];
    return `L${round(towards(point, before))} Q${round(point)} ${round(towards(point, after))}`;
  });
  return `M${round(points[0]!)} ${bends.join(' ')} L${round(points[points.length - 1]!)}`;
}

function towards(from: IPoint, to: IPoint): IPoint {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const part = Math.min(6, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/** Without a way around the nodes between: it runs behind them. */
function direct(edge: IEdge, source: INode, target: INode): IRoute {
  const from = { x: source.x + source.width / 2, y: source.y + source.height };
  const to = { x: target.x + target.width / 2, y: target.y };
  const bend = { x: Math.max(from.x, to.x) + 60, y: (from.y + to.y) / 2 };
  const points = [from, { x: bend.x, y: from.y + 26 }, bend, { x: bend.x, y: to.y - 26 }, to];
  return { ...edge, id: idOf(edge), path: pathOf(points), label: '', at: null };
}

type Size = Omit<INode, 'x' | 'y'>;

/** dagre takes an empty name for none. */
function keyOf(id: string): string {
  return `:${id}`;
}

function sizesOf(look: Drawn, tall: boolean): Size[] {
  const sizes = look.steps.map(step => sizeOf(step, tall));
  if (look.parameters.length || look.edges.some(edge => edge.source === PARAMETERS)) {
    const names = edgeLabel(look.parameters.map(parameter => parameter.name));
    const width = Math.max(110, names.length * SMALL_LETTER + 24);
    sizes.unshift({ id: PARAMETERS, width, height: 46, label: names, chips: [], more: 0 });
  }
  return sizes;
}

function sizeOf(step: IStep, tall: boolean): Size {
  const label = cut(step.name, WIDEST);
  const marks = (step.inference ? 1 : 0) + (step.metrics.length ? 1 : 0);
  const width = Math.max(132, label.length * LETTER + 30 + marks * 18);
  const room = Math.max(1, Math.floor((width - 62) / (CHIP + 3)));
  const shown = step.cells.length > room ? room - 1 : step.cells.length;
  const chips = step.cells.slice(0, Math.max(1, shown));
  return {
    id: step.name,
    width,
    height: tall ? 68 : 50,
    label,
    chips,
    more: step.cells.length - chips.length
  };
}

function labelBox(edge: IEdge) {
  const label = edge.kind === 'data' ? edgeLabel(edge.names) : '';
  return label ? { width: labelWidth(label), height: 16, labelpos: 'c' as const } : {};
}

export function labelWidth(label: string): number {
  return label.length * SMALL_LETTER + 8;
}

/** Up to three names, then how many more. */
export function edgeLabel(names: readonly string[], letters = LETTERS_ON_EDGE): string {
  let shown = Math.min(names.length, NAMES_ON_EDGE);
  const text = () => names.slice(0, shown).join(', ');
  while (shown > 1 && text().length > letters) {
    shown--;
  }
  const more = names.length - shown;
  return cut(text(), letters) + (more > 0 ? ` +${more}` : '');
}

function cut(text: string, letters: number): string {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}

function placed(size: Size, centre: { x?: number; y?: number }): INode {
  return { ...size, x: (centre.x ?? 0) - size.width / 2, y: (centre.y ?? 0) - size.height / 2 };
}

function routed(edge: IEdge, found: { points?: IPoint[]; x?: number; y?: number }): IRoute {
  const label = edge.kind === 'data' ? edgeLabel(edge.names) : '';
  const at = label && found.x !== undefined ? { x: found.x, y: found.y ?? 0 } : null;
  return { ...edge, id: idOf(edge), path: pathOf(found.points ?? []), label, at };
}

function idOf(edge: IEdge): string {
  return `${edge.source}→${edge.target}`;
}

/** A smooth line through the points, as the `d` of an SVG path. */
function pathOf(points: readonly IPoint[]): string {
  const [first, ...rest] = points;
  const last = rest[rest.length - 1];
  if (!first || !last) {
    return '';
  }
  const bends = rest.slice(0, -1).map((point, place) => {
    const next = rest[place + 1] ?? last;
    const end = place === rest.length - 2 ? next : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${round(point)} ${round(end)}`;
  });
  return bends.length ? `M${round(first)} ${bends.join(' ')}` : `M${round(first)} L${round(last)}`;
}

function round(point: IPoint): string {
  return `${point.x.toFixed(1)},${point.y.toFixed(1)}`;
}

export type Arrow = 'up' | 'down' | 'left' | 'right';

/** The node that an arrow key leads to: along an edge up and down, in the same layer to the sides. */
export function neighbour(graph: ILayout, from: string, arrow: Arrow): string | null {
  const node = graph.nodes.find(each => each.id === from);
  if (!node) {
    return graph.nodes[0]?.id ?? null;
  }
  const linked = linkedTo(graph, from, arrow);
  const centre = node.x + node.width / 2;
  const distance = (other: INode) => Math.abs(other.x + other.width / 2 - centre);
  const [best] = [...linked].sort((a, b) => distance(a) - distance(b));
  return best?.id ?? null;
}

function linkedTo(graph: ILayout, from: string, arrow: Arrow): INode[] {
  const node = graph.nodes.find(each => each.id === from)!;
  const middle = (each: INode) => each.y + each.height / 2;
  if (arrow === 'left' || arrow === 'right') {
    const side = arrow === 'left' ? -1 : 1;
    return graph.nodes.filter(
      each => each !== node && Math.abs(middle(each) - middle(node)) < 10 && (each.x - node.x) * side > 0
    );
  }
  const ids = graph.routes
    .filter(route => (arrow === 'down' ? route.source : route.target) === from)
    .map(route => (arrow === 'down' ? route.target : route.source));
  const along = graph.nodes.filter(each => ids.includes(each.id));
  if (along.length) {
    // the nearest layer first: an edge may skip layers
    const reach = Math.min(...along.map(each => Math.abs(middle(each) - middle(node))));
    return along.filter(each => Math.abs(middle(each) - middle(node)) < reach + 10);
  }
  return beyond(graph, node, arrow); // no edge leads on: the nearest layer, so that each node can be reached
}

function beyond(graph: ILayout, node: INode, arrow: Arrow): INode[] {
  const side = arrow === 'up' ? -1 : 1;
  const ahead = graph.nodes.filter(each => (each.y - node.y) * side > 10);
  const nearest = Math.min(...ahead.map(each => Math.abs(each.y - node.y)));
  return ahead.filter(each => Math.abs(each.y - node.y) < nearest + 10);
}
