// What can be run of a notebook or a project: its parameters, and the project that it was converted into.

import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IStateDB } from '@jupyterlab/statedb';

import type { Client, ILook, IParameter } from '../api';
import { defaultOutput } from '../convert/choice';
import { keptWorks } from '../convert/works';
import type { ILooks } from '../tokens';
import type { IRunnable } from './order';

interface IProject {
  readonly folder: string;
  readonly notebook: string | null;
  readonly parameters: readonly IParameter[];
}

export class Subjects {
  constructor(
    private readonly client: Client,
    private readonly documents: IDocumentManager,
    private readonly notebooks: INotebookTracker,
    private readonly looks: ILooks,
    private readonly state: IStateDB | null
  ) {}

  /** Raises Refusal for a folder that is no project. */
  async ofProject(folder: string): Promise<IRunnable & { from: string | null }> {
    const project = await this.client.request<IProject>('project', { query: { path: folder } });
    return { notebook: null, project: { folder, parameters: project.parameters }, from: project.notebook };
  }

  /** Raises what keeps the notebook from being read. */
  async ofNotebook(path: string): Promise<IRunnable & { from: string | null }> {
    const [notebook, project] = await Promise.all([this.notebook(path), this.project(path)]);
    return { notebook, project, from: path };
  }

  private async notebook(path: string): Promise<IRunnable['notebook']> {
    const panel = this.notebooks.find(each => each.context.localPath === path);
    if (!panel) {
      const found = await this.documents.services.contents.get(path, { content: true, type: 'notebook' });
      const look = await this.client.look(path, found.content as INotebookContent);
      return { path, content: null, ...partsOf(look) };
    }
    const model = this.looks.of(panel);
    if (model.state !== 'fresh') {
      await model.refresh();
    }
    if (!model.look) {
      throw new Error(model.problem);
    }
    return { path, content: () => model.source.content(), ...partsOf(model.look) };
  }

  /** Where it was converted to last, or where it is by itself. */
  private async project(path: string): Promise<IRunnable['project']> {
    const kept = await keptWorks(this.state);
    const last = kept.find(work => work.kind === 'convert' && work.path === path)?.choice?.output;
    const folder = last ?? defaultOutput(path);
    try {
      const found = await this.client.request<IProject>('project', { query: { path: folder } });
      return found.notebook === path ? { folder, parameters: found.parameters } : null;
    } catch {
      return null; // there is none, which is no fault
    }
  }
}

function partsOf(look: ILook): { parameters: readonly IParameter[]; refused: string } {
  return { parameters: look.parameters, refused: look.refused ?? '' };
}
