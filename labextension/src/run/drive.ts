// What runs gave, as a drive of JupyterLab that can be read: each artifact opens in the viewer that its kind has.
//
// nb2prod-run:RUN/ATTEMPT/NAME

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';

import type { Client } from '../api';

export const DRIVE = 'nb2prod-run';

export function artifactPath(run: string, attempt: number, name: string): string {
  return `${DRIVE}:${run}/${attempt}/${name}`;
}

type FileTypes = Pick<DocumentRegistry, 'getFileTypesForPath'>;

export class RunDrive implements Contents.IDrive {
  constructor(
    private readonly client: Pick<Client, 'text' | 'bytes' | 'url' | 'settings'>,
    private readonly types: FileTypes
  ) {}

  readonly name = DRIVE;

  get serverSettings(): ServerConnection.ISettings {
    return this.client.settings;
  }

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.clearData(this);
  }

  async get(path: string, options: Contents.IFetchOptions = {}): Promise<Contents.IModel> {
    const place = placeOf(path);
    const kind = this.types.getFileTypesForPath(path)[0];
    const type = options.type ?? kind?.contentType ?? 'file';
    const format = options.format ?? (type === 'notebook' ? 'json' : (kind?.fileFormat ?? 'text'));
    const content = options.content === false ? null : await this.content(place, format);
    return {
      name: PathExt.basename(path),
      path,
      type,
      format: content === null ? null : format,
      content,
      mimetype: kind?.mimeTypes[0] ?? 'application/octet-stream',
      writable: false,
      created: '',
      last_modified: ''
    } as Contents.IModel;
  }

  async getDownloadUrl(path: string): Promise<string> {
    const { url, query } = placeOf(path);
    return this.client.url(url, query);
  }

  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  newUntitled = refuse;
  delete = refuse;
  rename = refuse;
  save = refuse;
  copy = refuse;
  createCheckpoint = refuse;
  restoreCheckpoint = refuse;
  deleteCheckpoint = refuse;

  private async content(place: IPlace, format: Contents.FileFormat): Promise<unknown> {
    const { url, query } = place;
    if (format === 'base64') {
      return encoded(await this.client.bytes(url, { query }));
    }
    const text = await this.client.text(url, { query });
    return format === 'json' ? JSON.parse(text) : text;
  }

  private disposed = false;
  private readonly signal = new Signal<this, Contents.IChangedArgs>(this);
}

interface IPlace {
  readonly url: string;
  readonly query: { readonly attempt: number };
}

function placeOf(path: string): IPlace {
  const [run = '', attempt = '0', ...name] = path.split('/');
  const artifact = name.map(encodeURIComponent).join('/');
  return {
    url: `jobs/runs/${encodeURIComponent(run)}/artifacts/${artifact}`,
    query: { attempt: Number(attempt) || 0 }
  };
}

async function refuse(): Promise<never> {
  throw new Error('What a run gave cannot be changed; save a copy elsewhere.');
}

function encoded(bytes: ArrayBuffer): string {
  const all = new Uint8Array(bytes);
  let text = '';
  for (let place = 0; place < all.length; place += 0x8000) {
    text += String.fromCharCode(...all.subarray(place, place + 0x8000));
  }
  return btoa(text);
}
