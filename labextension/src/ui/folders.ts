// Which folders of the file browser are projects: asked when somebody points at one, before a menu needs to know.

import type { Contents } from '@jupyterlab/services';
import { PathExt } from '@jupyterlab/coreutils';

const LOCK = 'nb2prod.lock.json';
const FRESH = 10_000; // milliseconds that an answer is good for

export class ProjectFolders {
  constructor(
    private readonly contents: Pick<Contents.IManager, 'get'>,
    private readonly now: () => number = Date.now
  ) {}

  /** Whether it is one, or may be as far as is known. */
  mayBe(path: string): boolean {
    return this.known.get(path)?.isProject !== false;
  }

  async look(path: string): Promise<boolean> {
    const known = this.known.get(path);
    if (known && this.now() - known.at < FRESH) {
      return known.isProject;
    }
    const asked = this.asked.get(path) ?? this.ask(path).finally(() => this.asked.delete(path));
    this.asked.set(path, asked); // a pointer that moves over one folder tells of it many times
    return asked;
  }

  private async ask(path: string): Promise<boolean> {
    try {
      const found = await this.contents.get(path, { content: true });
      const children: readonly Contents.IModel[] = found.type === 'directory' ? found.content : [];
      const isProject = children.some(child => PathExt.basename(child.path) === LOCK);
      this.known.set(path, { isProject, at: this.now() });
      return isProject;
    } catch {
      return false; // it cannot be read; what is asked of it will say why
    }
  }

  private readonly asked = new Map<string, Promise<boolean>>();
  private readonly known = new Map<string, { isProject: boolean; at: number }>();
}
