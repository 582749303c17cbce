import jupyter from '@jupyter/eslint-plugin';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['lib', 'node_modules', '.bundled'] },
  ...tseslint.configs.recommended,
  { plugins: { jupyter, 'react-hooks': hooks } },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      ...hooks.configs.recommended.rules,
      'max-lines': ['error', 500],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error'
    }
  },
  { files: ['test/**/*'], rules: { 'max-lines-per-function': 'off' } }
);
