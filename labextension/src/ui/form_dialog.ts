// A dialog whose form may be refused: it closes when what it does has succeeded.

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/** What a form is to its dialog. `changed` tells that `canSubmit` may be another. */
export interface IForm {
  readonly canSubmit: boolean;
  readonly changed: { connect(slot: () => void): boolean; disconnect(slot: () => void): boolean };

  /** Whether it was done; what kept it from that is shown by the form. */
  submit(): Promise<boolean>;
}

const CANCEL = 0;
const ACCEPT = 1;

export class FormDialog extends Dialog<unknown> {
  constructor(
    private readonly form: IForm,
    options: { title: string; accept: string; body: JSX.Element; focus: string; trans: TranslationBundle }
  ) {
    super({
      title: options.title,
      body: ReactWidget.create(options.body),
      buttons: [
        Dialog.cancelButton({ label: options.trans.__('Cancel') }),
        Dialog.okButton({ label: options.accept })
      ],
      defaultButton: ACCEPT,
      focusNodeSelector: options.focus
    });
    this.addClass('nb2prod-FormDialog');
    this.form.changed.connect(this.onChanged);
    this.onChanged();
  }

  override resolve(index?: number): void {
    if (index === CANCEL || this.isDisposed) {
      super.resolve(index);
    } else if (!this.busy && this.form.canSubmit) {
      void this.accept();
    }
  }

  override dispose(): void {
    this.form.changed.disconnect(this.onChanged);
    super.dispose();
  }

  /** Ours decides, not the browser's idea of what is invalid. */
  protected override _checkValidation(): void {
    this.onChanged();
  }

  private async accept(): Promise<void> {
    this.busy = true;
    this.takeFocus();
    this.onChanged();
    try {
      if (await this.form.submit()) {
        super.resolve(ACCEPT);
      }
    } finally {
      this.busy = false;
      if (!this.isDisposed) {
        this.onChanged();
        requestAnimationFrame(() => this.showFault());
      }
    }
  }

  /** A button that is disabled loses the focus to the page, where Escape would not close the dialog. */
  private takeFocus(): void {
    const content = this.node.querySelector<HTMLElement>('.jp-Dialog-content');
    if (content) {
      content.tabIndex = -1;
      content.focus();
    }
  }

  /** When it is refused the focus goes to what is wrong. */
  private showFault(): void {
    const wrong = this.node.querySelector<HTMLElement>(`[aria-invalid='true'], .jp-mod-accept`);
    wrong?.focus();
  }

  private readonly onChanged = (): void => {
    const accept = this.node.querySelector<HTMLButtonElement>('.jp-Dialog-button.jp-mod-accept');
    if (accept) {
      accept.disabled = this.busy || !this.form.canSubmit;
    }
  };

  private busy = false;
}
