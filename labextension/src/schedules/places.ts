// Where a definition came from, as JupyterLab calls it: below the folder that it shows.

import { PageConfig, PathExt } from '@jupyterlab/coreutils';

/** '' for what lies elsewhere; JupyterLab may write the home folder as ~. */
export function contentsPath(path: string, root = PageConfig.getOption('serverRoot')): string {
  if (!root || !path) {
    return '';
  }
  const folder = `${PathExt.removeSlash(root.replace(/^~/, ''))}/`;
  if (!root.startsWith('~')) {
    return path.startsWith(`/${folder}`) ? path.slice(folder.length + 1) : '';
  }
  const place = folder === '/' ? -1 : path.indexOf(`/${folder}`);
  return place < 0 ? '' : path.slice(place + folder.length + 1);
}
