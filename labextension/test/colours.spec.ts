import { describe, expect, it } from 'vitest';

import { COLOURS, coloursOf } from '../src/ui/colours';

const names = (count: number) => Array.from({ length: count }, (_, number) => `step_${number}`);

describe('the colours of steps', () => {
  it('are their own as long as there are enough', () => {
    expect(new Set(coloursOf(names(COLOURS)).values()).size).toBe(COLOURS);
    expect(coloursOf(names(COLOURS + 5)).size).toBe(COLOURS + 5);
  });

  it('do not depend on the order of the names', () => {
    const there = coloursOf(names(7));
    expect(coloursOf(names(7).reverse())).toEqual(there);
  });

  it('stay when a step is alone', () => {
    expect(coloursOf(['load']).get('load')).toBe(coloursOf(['load', 'load']).get('load'));
  });
});
