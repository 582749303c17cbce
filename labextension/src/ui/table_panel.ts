// A widget of the main area around a model that asks the server while it is seen, and not when it is not.

import { ReactWidget } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';

export interface IShownModel extends IDisposable {
  isShown: boolean;
}

export interface IPanelTitle {
  readonly id: string;
  readonly label: string;
  readonly caption: string;
  readonly icon: LabIcon;
}

export abstract class TablePanel<Model extends IShownModel> extends ReactWidget {
  constructor(
    readonly model: Model,
    { id, label, caption, icon }: IPanelTitle
  ) {
    super();
    this.id = id;
    this.addClass('nb2prod-Panel');
    this.node.tabIndex = -1;
    Object.assign(this.title, { label, caption, icon, closable: true });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.model.dispose();
      super.dispose();
    }
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.model.isShown = true;
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.model.isShown = this.isVisible;
  }

  protected override onBeforeHide(msg: Message): void {
    super.onBeforeHide(msg);
    this.model.isShown = false;
  }

  protected override onBeforeDetach(msg: Message): void {
    this.model.isShown = false;
    super.onBeforeDetach(msg);
  }

  protected override onActivateRequest(): void {
    if (!this.node.contains(document.activeElement)) {
      this.node.focus();
    }
  }
}
