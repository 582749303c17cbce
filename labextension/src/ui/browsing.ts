// What is chosen in the file browser, and pickers for those who come without a choice.

import type { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ProjectFolders } from './folders';

export class Browsing {
  constructor(
    private readonly documents: IDocumentManager,
    private readonly browsers: IFileBrowserFactory | null,
    private readonly trans: TranslationBundle
  ) {
    this.folders = new ProjectFolders(documents.services.contents);
    document.addEventListener('pointerover', this.onPoint, { passive: true });
    document.addEventListener('keyup', this.onPoint, { passive: true });
  }

  readonly folders: ProjectFolders;

  /** The one item that is chosen. */
  get chosen(): Contents.IModel | null {
    const items = [...(this.browsers?.tracker.currentWidget?.selectedItems() ?? [])];
    return items.length === 1 ? items[0]! : null;
  }

  /** The contents path of a chosen item, without its drive. */
  path(item: Contents.IModel): string {
    return this.documents.services.contents.localPath(item.path);
  }

  /** Whether the chosen folder is a project, or may be one as far as is known. */
  get isProject(): boolean {
    const { chosen } = this;
    return chosen?.type === 'directory' && this.folders.mayBe(this.path(chosen));
  }

  async pickNotebook(): Promise<string | null> {
    const picked = await FileDialog.getOpenFiles({
      manager: this.documents,
      title: this.trans.__('Choose a notebook'),
      filter: (item: Contents.IModel) =>
        item.type === 'directory' || item.path.endsWith('.ipynb') ? {} : null
    });
    const found = picked.button.accept ? picked.value?.[0] : undefined;
    return found && found.type !== 'directory' ? this.path(found) : null;
  }

  async pickFolder(): Promise<string | null> {
    const title = this.trans.__('Choose the folder of a project');
    const picked = await FileDialog.getExistingDirectory({ manager: this.documents, title });
    return picked.button.accept && picked.value?.[0] ? this.path(picked.value[0]) : null;
  }

  private readonly onPoint = (event: Event): void => {
    const target = event.target instanceof Element ? event.target : null;
    const listing = target?.closest('.jp-DirListing');
    const item = target?.closest<HTMLElement>('.jp-DirListing-item[data-isdir="true"]');
    if (!listing || (event.type === 'pointerover' && !item)) {
      return;
    }
    const name = item?.querySelector('.jp-DirListing-itemName')?.textContent ?? '';
    const browser = this.browsers?.tracker.currentWidget;
    const chosen = event.type === 'keyup' ? this.chosen : null;
    if (chosen?.type === 'directory') {
      void this.folders.look(this.path(chosen));
    } else if (name && browser) {
      const place = this.documents.services.contents.localPath(browser.model.path);
      void this.folders.look(place ? `${place}/${name}` : name);
    }
  };
}
