// Wheel and pointer on the graph, and the room that it has.

import * as React from 'react';

import { ISize, IViewport, panned, zoomed } from './viewport';

type Box = React.RefObject<SVGSVGElement | null>;

/** The size of an element as it changes; `onChange` hears of it too. */
export function useSize(box: Box, onChange: (size: ISize) => void): React.MutableRefObject<ISize> {
  const size = React.useRef<ISize>({ width: 0, height: 0 });
  const tell = React.useRef(onChange);
  React.useLayoutEffect(() => {
    tell.current = onChange;
  });
  React.useEffect(() => {
    const element = box.current;
    if (!element) {
      return undefined;
    }
    const observer = new ResizeObserver(() => {
      size.current = { width: element.clientWidth, height: element.clientHeight };
      tell.current(size.current);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return size;
}

const STILL = 4; // pixels that a click may shake

/** The wheel moves the picture, with Ctrl it grows; dragging moves it. True while it is dragged. */
export function useGestures(box: Box, view: IViewport, move: (next: IViewport) => void): boolean {
  const latest = React.useRef({ view, move });
  React.useLayoutEffect(() => {
    latest.current = { view, move };
  });
  const [isDragged, setDragged] = React.useState(false);
  React.useEffect(() => {
    const element = box.current;
    if (!element) {
      return undefined;
    }
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      latest.current.move(wheeled(latest.current.view, event, element.getBoundingClientRect()));
    };
    const stopDrags = dragsOf(element, latest, setDragged);
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      element.removeEventListener('wheel', onWheel);
      stopDrags();
    };
  }, [box]);
  return isDragged;
}

function wheeled(view: IViewport, event: WheelEvent, place: DOMRect): IViewport {
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const [right, down] = [event.deltaX * unit, event.deltaY * unit];
  if (event.ctrlKey || event.metaKey) {
    return zoomed(view, Math.exp(-down / 300), event.clientX - place.left, event.clientY - place.top);
  }
  return event.shiftKey && !right ? panned(view, -down, 0) : panned(view, -right, -down);
}

interface ILatest {
  view: IViewport;
  move: (next: IViewport) => void;
}

/** A drag that ends on a node is no click on it: with the pointer captured the click is the picture's. */
function dragsOf(
  element: SVGSVGElement,
  latest: React.MutableRefObject<ILatest>,
  setDragged: (is: boolean) => void
): () => void {
  let from: { x: number; y: number; view: IViewport; moves: boolean } | null = null;
  const onDown = (event: PointerEvent) => {
    if (event.button === 0 || event.button === 1) {
      from = { x: event.clientX, y: event.clientY, view: latest.current.view, moves: false };
    }
  };
  const onMove = (event: PointerEvent) => {
    const [right, down] = [event.clientX - (from?.x ?? 0), event.clientY - (from?.y ?? 0)];
    if (!from || (!from.moves && Math.hypot(right, down) < STILL)) {
      return;
    }
    if (!from.moves) {
      from.moves = true;
      element.setPointerCapture(event.pointerId);
      setDragged(true);
    }
    latest.current.move(panned(from.view, right, down));
  };
  const onEnd = () => {
    from = null;
    setDragged(false);
  };
  const heard = { pointerdown: onDown, pointermove: onMove, pointerup: onEnd, pointercancel: onEnd };
  Object.entries(heard).forEach(([name, listener]) =>
    element.addEventListener(name, listener as EventListener)
  );
  return () => {
    Object.entries(heard).forEach(([name, listener]) =>
      element.removeEventListener(name, listener as EventListener)
    );
  };
}
