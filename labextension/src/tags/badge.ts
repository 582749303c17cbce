// The badge of a code cell: what the cell is for, and the button that changes it. Plain DOM: a notebook has hundreds.

import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { Kind } from './grammar';

/** What a badge shows. `refusal`: why it cannot be changed, '' when it can. */
export interface IBadge {
  readonly number: number;
  readonly role: Kind | 'step';
  readonly step: string | null;
  readonly colour: string;
  readonly own: boolean;
  readonly marks: readonly string[];
  readonly options: string;
  readonly contradictions: readonly string[];
  /** Nothing in the notebook is tagged: then what the cell falls into says nothing. */
  readonly isFirst: boolean;
  readonly refusal: string;
}

export class Badge extends Widget {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly onClick: () => void
  ) {
    super();
    this.addClass('nb2prod-Badge');
  }

  /** Draws it where it is another than before. */
  render(badge: IBadge): void {
    const key = JSON.stringify(badge);
    if (key !== this.shown) {
      this.shown = key;
      const hadFocus = this.node.contains(document.activeElement);
      this.node.replaceChildren(this.draw(badge));
      if (hadFocus) {
        this.button?.focus();
      }
    }
  }

  /** Only the active cell's badge is a stop of the Tab key. */
  set isStop(isStop: boolean) {
    this.tabIndex = isStop ? 0 : -1;
    if (this.button) {
      this.button.tabIndex = this.tabIndex;
    }
  }

  get button(): HTMLButtonElement | null {
    return this.node.querySelector('button');
  }

  private draw(badge: IBadge): HTMLElement {
    const face = badge.refusal ? document.createElement('span') : document.createElement('button');
    face.className = 'nb2prod-Badge-face';
    face.classList.toggle('nb2prod-mod-own', badge.own);
    face.classList.toggle('nb2prod-mod-wrong', badge.contradictions.length > 0);
    if (badge.colour) {
      face.style.setProperty('--nb2prod-colour', badge.colour);
    }
    face.append(part('name', this.nameOf(badge)), ...badge.marks.map(mark => part('mark', mark)));
    if (badge.contradictions.length) {
      face.append(part('mark', this.trans.__('contradictory')));
    }
    if (badge.options) {
      face.append(part('options', badge.options));
    }
    face.title = this.titleOf(badge);
    if (face instanceof HTMLButtonElement) {
      face.type = 'button';
      face.tabIndex = this.tabIndex;
      face.setAttribute('aria-haspopup', 'dialog');
      face.setAttribute('aria-label', this.sayingOf(badge));
      face.addEventListener('click', this.onClick);
      // the notebook keeps its focus and its selected cells
      face.addEventListener('mousedown', event => {
        if (event.button === 0) {
          event.preventDefault();
          event.stopPropagation();
        }
      });
    }
    return face;
  }

  private nameOf(badge: IBadge): string {
    if (badge.isFirst) {
      return this.trans.__('Tag…');
    }
    return badge.step ?? kindWord(badge.role as Kind, this.trans);
  }

  private titleOf(badge: IBadge): string {
    const wrong = badge.contradictions.length
      ? this.trans.__('The tags %1 contradict each other.', badge.contradictions.join(', '))
      : '';
    return [wrong, badge.refusal || this.meaningOf(badge)].filter(Boolean).join(' ');
  }

  private meaningOf(badge: IBadge): string {
    if (badge.isFirst) {
      return this.trans.__('Say what this cell is for in a pipeline.');
    }
    if (badge.step === null) {
      return kindMeaning(badge.role as Kind, this.trans);
    }
    return badge.own
      ? this.trans.__('This cell belongs to the step %1.', badge.step)
      : this.trans.__('This cell has no tag of its own and goes to the step %1.', badge.step);
  }

  /** For those who do not see it. */
  private sayingOf(badge: IBadge): string {
    if (badge.isFirst) {
      return this.trans.__('Tag cell %1', badge.number);
    }
    const wrong = badge.contradictions.length ? this.trans.__('contradictory') : '';
    const said = [this.nameOf(badge), ...badge.marks, wrong, badge.options].filter(Boolean).join(', ');
    const what = badge.step === null ? said : this.trans.__('step %1', said);
    const whose = badge.own ? what : this.trans.__('%1, without a tag of its own', what);
    return this.trans.__('Tags of cell %1: %2', badge.number, whose);
  }

  private shown = '';
  private tabIndex = -1;
}

function part(name: string, text: string): HTMLElement {
  const node = document.createElement('span');
  node.className = `nb2prod-Badge-${name}`;
  node.textContent = text;
  return node;
}

export function kindWord(kind: Kind, trans: TranslationBundle): string {
  switch (kind) {
    case 'parameters':
      return trans.__('parameters');
    case 'imports':
      return trans.__('imports');
    case 'functions':
      return trans.__('functions');
    case 'skip':
      return trans.__('skip');
  }
}

export function kindMeaning(kind: Kind, trans: TranslationBundle): string {
  switch (kind) {
    case 'parameters':
      return trans.__('Each name that it gives a value is a parameter of the pipeline.');
    case 'imports':
      return trans.__('Its imports are for every step.');
    case 'functions':
      return trans.__('Its functions and classes are for every step.');
    case 'skip':
      return trans.__('It stays in the notebook and out of the pipeline.');
  }
}
