import { describe, expect, it } from 'vitest';

import { edgeLabel, layoutOf, neighbour, PARAMETERS, shapeOf } from '../src/pipeline/layout';
import { fit, fitWhole, panned, showing, zoomed } from '../src/pipeline/viewport';
import { flow, lookOf, parameterOf, stepOf } from './looked';

const DIAMOND = lookOf({
  steps: [stepOf('load', [2, 3]), stepOf('clean', [4]), stepOf('count', [5]), stepOf('report', [6])],
  parameters: [parameterOf('n')],
  edges: [
    flow(PARAMETERS, 'load', 'n'),
    flow(PARAMETERS, 'report', 'n'),
    flow('load', 'clean', 'table'),
    flow('load', 'count', 'table', 'names'),
    flow('clean', 'report', 'rows'),
    flow('count', 'report', 'total')
  ]
});

function many(count: number) {
  const steps = Array.from({ length: count }, (_, at) => stepOf(`step_${at}`, [at + 1]));
  const edges = steps
    .slice(1)
    .flatMap((step, at) => [
      flow(`step_${at}`, step.name, `x_${at}`),
      ...(at > 8 ? [flow(`step_${at - 8}`, step.name, `y_${at}`)] : [])
    ]);
  return lookOf({ steps, edges, parameters: [parameterOf('n')] });
}

describe('the layout of the graph', () => {
  it('puts each step below what it takes from, and no two in one place', () => {
    const { nodes, width, height } = layoutOf(DIAMOND);
    const at = new Map(nodes.map(node => [node.id, node]));
    for (const edge of DIAMOND.edges) {
      expect(at.get(edge.target)!.y).toBeGreaterThan(at.get(edge.source)!.y + at.get(edge.source)!.height);
    }
    for (const one of nodes) {
      expect(one.x >= 0 && one.x + one.width <= width && one.y + one.height <= height).toBe(true);
      for (const other of nodes.filter(each => each !== one)) {
        const apart =
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart).toBe(true);
      }
    }
  });

  it('draws each edge as a line, also around what lies between', () => {
    const { routes } = layoutOf(DIAMOND);
    expect(routes.map(route => [route.source, route.target])).toEqual(
      DIAMOND.edges.map(edge => [edge.source, edge.target])
    );
    expect(routes.every(route => /^M[-\d.]+,[-\d.]+ .*[LQ]/.test(route.path))).toBe(true);
  });

  it('names up to three, then how many more', () => {
    expect([edgeLabel(['a']), edgeLabel(['a', 'b', 'c', 'd', 'e']), edgeLabel([])]).toEqual([
      'a',
      'a, b, c +2',
      ''
    ]);
    const long = edgeLabel(['a_name_of_some_letters', 'another_name_of_some', 'x']);
    expect(long).toBe('a_name_of_some_letters +2');
    expect(edgeLabel(['n'.repeat(80)]).length).toBeLessThan(40);
  });

  it('cuts long names, and shows how many cells there are no chips for', () => {
    const cells = Array.from({ length: 30 }, (_, at) => at + 1);
    const [node] = layoutOf(lookOf({ steps: [stepOf('n'.repeat(70), cells)] })).nodes;
    expect(node!.width).toBeLessThan(260);
    expect(node!.label.endsWith('…')).toBe(true);
    expect(node!.chips.length + node!.more).toBe(30);
  });

  it('takes the edges over many layers of a large graph out of the search for ways', () => {
    const look = many(60);
    const { nodes, routes } = layoutOf(look);
    expect([nodes.length, routes.length]).toEqual([61, look.edges.length]); // and the parameters
    const straight = routes.filter(route => route.at === null).map(route => route.names[0]);
    const far = look.edges.map(edge => edge.names[0]!).filter(name => name.startsWith('y_'));
    expect(straight).toEqual(far);
    const few = layoutOf(many(16));
    expect(few.routes.every(route => route.at !== null)).toBe(true);
  });

  it('has nothing to draw for a notebook without steps, and passes over edges to nowhere', () => {
    expect(layoutOf(lookOf()).nodes).toEqual([]);
    const stray = lookOf({ steps: [stepOf('a', [1])], edges: [flow('gone', 'a', 'x')] });
    expect(layoutOf(stray).routes).toEqual([]);
  });

  it('is the same while nothing that is drawn changes', () => {
    const other = { ...DIAMOND, findings: [] };
    expect(shapeOf(other, false)).toBe(shapeOf(DIAMOND, false));
    expect(shapeOf(DIAMOND, true)).not.toBe(shapeOf(DIAMOND, false));
    expect(layoutOf(DIAMOND, true).nodes[1]!.height).toBeGreaterThan(layoutOf(DIAMOND).nodes[1]!.height);
  });
});

describe('the arrow keys', () => {
  const graph = layoutOf(DIAMOND);

  it('lead along edges and to the sides', () => {
    expect(neighbour(graph, PARAMETERS, 'down')).toBe('load');
    const below = neighbour(graph, 'load', 'down')!;
    expect(['clean', 'count']).toContain(below);
    const side =
      graph.nodes.find(node => node.id === 'clean')!.x < graph.nodes.find(node => node.id === 'count')!.x;
    expect(neighbour(graph, 'clean', side ? 'right' : 'left')).toBe('count');
    expect(neighbour(graph, 'clean', side ? 'left' : 'right')).toBe(null);
    expect(neighbour(graph, 'clean', 'up')).toBe('load');
    expect(neighbour(graph, 'report', 'down')).toBe(null);
  });

  it('reach every step, also those that no edge leads to', () => {
    const loose = layoutOf(lookOf({ steps: [stepOf('a', [1]), stepOf('b', [2]), stepOf('c', [3])] }));
    const seen = new Set([loose.nodes[0]!.id]);
    for (let pass = 0; pass < 4; pass++) {
      for (const id of [...seen]) {
        for (const arrow of ['up', 'down', 'left', 'right'] as const) {
          const next = neighbour(loose, id, arrow);
          if (next !== null) {
            seen.add(next);
          }
        }
      }
    }
    expect([...seen].sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('the viewport', () => {
  const room = { width: 300, height: 400 };

  it('shows the whole graph in the middle, where it can be read so', () => {
    expect(fit({ width: 100, height: 100 }, room)).toEqual({ x: 100, y: 150, scale: 1 });
    const tall = fit({ width: 200, height: 5000 }, room);
    expect([tall.y, tall.scale > 0.5]).toEqual([8, true]);
    expect(fitWhole({ width: 200, height: 5000 }, room).scale).toBeLessThan(0.1 + 1e-9);
    expect(fit({ width: 0, height: 0 }, room)).toEqual({ x: 0, y: 0, scale: 1 });
  });

  it('keeps what is under the pointer there when it grows', () => {
    const before = { x: 10, y: 20, scale: 1 };
    const after = zoomed(before, 1.5, 60, 80);
    const at = (view: typeof before) => [(60 - view.x) / view.scale, (80 - view.y) / view.scale];
    expect(at(after)).toEqual(at(before));
    expect(zoomed(before, 100, 0, 0).scale).toBe(2.5);
    expect(zoomed(before, 0.001, 0, 0).scale).toBe(0.3);
  });

  it('moves no further than needed to show a node', () => {
    const node = layoutOf(DIAMOND).nodes[0]!;
    const seen = { x: 0, y: 0, scale: 1 };
    expect(showing(seen, node, { width: 1000, height: 1000 })).toBe(seen);
    const moved = showing(panned(seen, -600, 0), node, room);
    expect(moved.x + node.x).toBe(8);
  });
});
