// The window in which the menu of tags opens, beside the cell's badge.

import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { commonStep } from './entries';
import { OptionsForm, RenameForm } from './forms';
import { Menu } from './menu';
import type { TagsModel } from './model';

export type View = 'menu' | 'options' | 'rename';

export interface IPopupOptions {
  readonly tags: TagsModel;
  /** The ids of the cells, which may move while it is open. */
  readonly cells: readonly string[];
  readonly view: View;
  readonly step?: string;
  readonly trans: TranslationBundle;
  /** Where it opens, or null: in the middle. */
  readonly anchor: DOMRect | null;
  /** It has closed; by the person's own keys or choice when `isDone`, and not because something else was clicked. */
  readonly onClosed: (isDone: boolean) => void;
}

const MARGIN = 8;
const STOPS = 'input:not(:disabled), select:not(:disabled), button:not(:disabled)';

export class Popup extends ReactWidget {
  constructor(private readonly options: IPopupOptions) {
    super();
    this.addClass('nb2prod-Tags');
    this.node.setAttribute('role', 'dialog');
    this.node.setAttribute('aria-label', this.heading());
    this.view = options.view;
    options.tags.changed.connect(this.onChanged, this);
  }

  open(): void {
    Widget.attach(this, document.body);
    this.renderPromise
      ?.then(() => {
        this.place();
        this.node.querySelector<HTMLElement>('[autofocus], input, select')?.focus();
      })
      .catch(() => undefined); // it was closed at once
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.options.tags.changed.disconnect(this.onChanged, this);
      super.dispose();
    }
  }

  shut(isDone: boolean): void {
    if (!this.isDisposed) {
      this.dispose();
      this.options.onClosed(isDone);
    }
  }

  handleEvent(event: Event): void {
    if (event instanceof KeyboardEvent && event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.shut(true);
    } else if (event instanceof KeyboardEvent && event.key === 'Tab') {
      this.keepFocus(event);
    } else if (event.type === 'pointerdown' && !this.node.contains(event.target as Node)) {
      this.shut(false);
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.node.addEventListener('keydown', this);
    document.addEventListener('pointerdown', this, true);
  }

  protected override onBeforeDetach(msg: Message): void {
    this.node.removeEventListener('keydown', this);
    document.removeEventListener('pointerdown', this, true);
    super.onBeforeDetach(msg);
  }

  protected override render(): React.JSX.Element | null {
    const { tags, trans } = this.options;
    const targets = this.targets;
    const close = () => this.shut(true);
    const step = this.options.step ?? commonStep(tags, targets);
    if (this.view !== 'menu' && step !== null) {
      const Form = this.view === 'options' ? OptionsForm : RenameForm;
      return <Form tags={tags} step={step} trans={trans} close={close} />;
    }
    const show = (view: View) => {
      this.view = view;
      this.update();
      void this.renderPromise?.then(() => this.place());
    };
    return <Menu tags={tags} targets={targets} trans={trans} close={close} show={show} />;
  }

  private get targets(): number[] {
    return this.options.cells.map(id => this.options.tags.indexOf(id)).filter(index => index >= 0);
  }

  private onChanged(): void {
    const isLeft = this.options.cells.length > 0 && this.targets.length === 0;
    if (isLeft || this.options.tags.refusal) {
      this.shut(false);
    } else {
      this.update();
    }
  }

  /** Tab goes round: what lies behind is for later. */
  private keepFocus(event: KeyboardEvent): void {
    const stops = Array.from(this.node.querySelectorAll<HTMLElement>(STOPS));
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (document.activeElement === from && to) {
      event.preventDefault();
      to.focus();
    }
  }

  private heading(): string {
    const { trans, step } = this.options;
    const targets = this.targets;
    if (step !== undefined) {
      return trans.__('Step %1', step);
    }
    return targets.length === 1
      ? trans.__('Tags of cell %1', targets[0]! + 1)
      : trans.__('Tags of %1 cells', targets.length);
  }

  /** Below the badge, or above it where there is more room; always within the window. */
  private place(): void {
    if (this.isDisposed) {
      return;
    }
    const { width, height } = this.node.getBoundingClientRect();
    const anchor = this.options.anchor ?? new DOMRect((innerWidth - width) / 2, innerHeight / 4, 0, 0);
    const below = anchor.bottom + 2;
    const fits = below + height + MARGIN <= innerHeight;
    const top = fits || anchor.top < innerHeight - anchor.bottom ? below : anchor.top - height - 2;
    this.node.style.left = `${clamp(anchor.left, width, innerWidth)}px`;
    this.node.style.top = `${clamp(top, height, innerHeight)}px`;
  }

  private view: View;
}

function clamp(start: number, size: number, room: number): number {
  return Math.max(MARGIN, Math.min(start, room - size - MARGIN));
}
