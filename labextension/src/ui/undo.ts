// Changes that are undone as one.

interface IShared {
  transact(change: () => void): void;
  readonly undoManager?: { stopCapturing(): void } | null;
}

/** JupyterLab joins what happens within half a second into one step of undo, unless told to stop. */
export function undoStep(shared: object, change: () => void): void {
  const { undoManager } = shared as IShared;
  undoManager?.stopCapturing();
  (shared as IShared).transact(change);
  undoManager?.stopCapturing();
}
