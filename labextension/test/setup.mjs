// What jsdom lacks and JupyterLab's packages expect when they are loaded.

globalThis.DragEvent ??= class extends Event {};
globalThis.matchMedia ??= () => ({ matches: false, addEventListener() {}, removeEventListener() {} });
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
