import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['.bundled/**/*.spec.mjs'], environment: 'jsdom', setupFiles: ['test/setup.mjs'] }
});
