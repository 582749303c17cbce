// Where a schedule's parameters are declared: in a notebook as it is on the screen, in its file, or in a definition.

import type { INotebookContent } from '@jupyterlab/nbformat';

import type { Client, IParameter } from '../api';
import type { Jobs } from '../jobs';
import type { IDraft } from './draft';
import type { IEdited } from './editor';
import { parameterOf } from './parameters';

/** The notebooks of JupyterLab, as far as a schedule needs them. */
export interface INotebooks {
  /** As it is on the screen; null when it is not open, and the file counts. */
  contentOf(path: string): INotebookContent | null;
  /** As it is in its file. */
  read(path: string): Promise<INotebookContent>;
}

export class Sources {
  constructor(
    private readonly client: Pick<Client, 'look' | 'request'>,
    private readonly jobs: Pick<Jobs, 'definition'>,
    readonly notebooks: INotebooks
  ) {}

  /** Raises what the server refuses. */
  async parameters(draft: IDraft, edited: IEdited | null): Promise<readonly IParameter[]> {
    switch (draft.source) {
      case 'kept':
        return (edited?.definition.parameters ?? []).map(parameterOf);
      case 'definition':
        return draft.definition.trim()
          ? (await this.jobs.definition(draft.definition.trim())).parameters.map(parameterOf)
          : [];
      case 'notebook':
        return draft.path.trim() ? this.ofNotebook(draft.path.trim()) : [];
      case 'pipeline':
        return draft.path.trim() ? this.ofProject(draft.path.trim()) : [];
    }
  }

  private async ofNotebook(path: string): Promise<readonly IParameter[]> {
    const content = this.notebooks.contentOf(path) ?? (await this.notebooks.read(path));
    const look = await this.client.look(path, content);
    if (look.refused !== null) {
      throw new Error(look.refused); // it has none that could be told
    }
    return look.parameters;
  }

  private async ofProject(path: string): Promise<readonly IParameter[]> {
    return (await this.client.request<{ parameters: readonly IParameter[] }>('project', { query: { path } }))
      .parameters;
  }
}
