// What part of the graph is seen: how it moves and grows. Numbers alone; nothing of the page.

import type { ILayout, INode } from './layout';

/** A point of the graph stands at (x + scale × its x, y + scale × its y) on the screen. */
export interface IViewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface ISize {
  readonly width: number;
  readonly height: number;
}

const SMALLEST = 0.3;
const LARGEST = 2.5;
const READABLE = 0.55; // below it names are not read: fit the width no further than that
const MARGIN = 8;

/** The whole graph in the middle, where it can be read so; else its top. */
export function fit(graph: Pick<ILayout, 'width' | 'height'>, room: ISize): IViewport {
  if (!graph.width || !graph.height || !room.width || !room.height) {
    return { x: 0, y: 0, scale: 1 };
  }
  const [width, height] = [room.width - 2 * MARGIN, room.height - 2 * MARGIN];
  const whole = Math.min(width / graph.width, height / graph.height, 1);
  const scale = Math.max(whole, Math.min(READABLE, width / graph.width), SMALLEST);
  const x = (room.width - graph.width * scale) / 2;
  const y = Math.max(MARGIN, (room.height - graph.height * scale) / 2);
  return { x, y: graph.height * scale > height ? MARGIN : y, scale };
}

/** All of it, however small. */
export function fitWhole(graph: Pick<ILayout, 'width' | 'height'>, room: ISize): IViewport {
  if (!graph.width || !graph.height || !room.width || !room.height) {
    return { x: 0, y: 0, scale: 1 };
  }
  const whole = Math.min(
    (room.width - 2 * MARGIN) / graph.width,
    (room.height - 2 * MARGIN) / graph.height,
    1
  );
  const scale = Math.max(whole, 0.1);
  return { x: (room.width - graph.width * scale) / 2, y: (room.height - graph.height * scale) / 2, scale };
}

/** Grown by `factor`, while what is at (x, y) on the screen stays there. */
export function zoomed(view: IViewport, factor: number, x: number, y: number): IViewport {
  const scale = Math.min(LARGEST, Math.max(Math.min(SMALLEST, view.scale), view.scale * factor));
  const ratio = scale / view.scale;
  return { x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, scale };
}

export function panned(view: IViewport, right: number, down: number): IViewport {
  return { ...view, x: view.x + right, y: view.y + down };
}

/** Moved by no more than is needed for all of the node to be seen. */
export function showing(view: IViewport, node: INode, room: ISize): IViewport {
  const across = moved(view.x + node.x * view.scale, node.width * view.scale, room.width);
  const down = moved(view.y + node.y * view.scale, node.height * view.scale, room.height);
  return across || down ? panned(view, across, down) : view;
}

function moved(start: number, length: number, room: number): number {
  if (start < MARGIN) {
    return MARGIN - start;
  }
  const over = start + length - (room - MARGIN);
  return over > 0 ? -Math.min(over, start - MARGIN) : 0;
}
