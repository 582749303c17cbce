// Bundles each spec with what it imports: JupyterLab's packages cannot be imported by Node.js as they are.

import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const specs = readdirSync(here, { recursive: true }).filter(name => /\.spec\.tsx?$/.test(name));
const out = join(here, '..', '.bundled');

rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: specs.map(name => join(here, name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  jsx: 'transform',
  external: ['vitest'],
  loader: {
    '.svg': 'text',
    '.css': 'empty',
    '.md': 'text',
    '.ttf': 'empty',
    '.woff': 'empty',
    '.woff2': 'empty',
    '.eot': 'empty'
  },
  define: { 'process.env.NODE_ENV': '"test"', global: 'globalThis' },
  sourcemap: 'inline',
  logLevel: 'warning'
});
