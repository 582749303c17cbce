// The colour of a step: the same for the same name, in both themes, and told apart by the colour-blind.

/** How many colours style/ui.css has (`--nb2prod-colour-0` …), after Paul Tol's scheme "muted". */
export const COLOURS = 9;

/** FNV-1a of the name, so that a step keeps its colour when others come and go. */
export function colourOf(step: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < step.length; place++) {
    hash = Math.imul(hash ^ step.charCodeAt(place), 0x01000193);
  }
  return (hash >>> 0) % COLOURS;
}

/** A value of CSS. */
export function colourVariable(step: string): string {
  return `var(--nb2prod-colour-${colourOf(step)})`;
}
