// The colours of a notebook's steps: the same for the same names, in both themes, told apart by the colour-blind.

/** How many colours style/ui.css has (`--nb2prod-colour-0` …), after Paul Tol's scheme "muted". */
export const COLOURS = 9;

/** By name, a value of CSS: each step has its own as long as there are enough, whatever the order of the names. */
export function coloursOf(steps: Iterable<string>): ReadonlyMap<string, string> {
  const taken = new Set<number>();
  const colours = new Map<string, string>();
  for (const step of [...new Set(steps)].sort()) {
    const wanted = preferred(step);
    const places = Array.from({ length: COLOURS }, (_, offset) => (wanted + offset) % COLOURS);
    const colour = places.find(place => !taken.has(place)) ?? wanted;
    taken.add(colour);
    colours.set(step, variable(colour));
  }
  return colours;
}

/** FNV-1a of the name, so that most steps keep their colour when others come and go. */
function preferred(step: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < step.length; place++) {
    hash = Math.imul(hash ^ step.charCodeAt(place), 0x01000193);
  }
  return (hash >>> 0) % COLOURS;
}

function variable(colour: number): string {
  return `var(--nb2prod-colour-${colour})`;
}
