/** Type-aware lint: the strict rule set, and the conventions that off-the-shelf rules can hold. */
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const source = ['packages/*/src/**/*.{ts,tsx}', 'examples/*/src/**/*.{ts,tsx}']
const tests = ['**/test/**/*.{ts,tsx}', '**/*.test.{ts,tsx}', 'packages/core/src/testing/**/*.ts']

/** Conventions about the shape of modules; they hold everywhere but in tool configurations, whose readers demand default exports. */
const moduleShape = [
  { selector: 'ExportAllDeclaration', message: 'List the exported names; `export *` hides what is public.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name; a default export has a different name in every importer.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals; enums are not erasable.' },
]

/** Where time, randomness and the environment come from instead. */
const hiddenInputs = [
  { object: 'Date', property: 'now', message: 'Take a Clock; only its system implementation reads the time.' },
  { object: 'Math', property: 'random', message: 'Take a Random; only its system implementation draws by itself.' },
  { object: 'process', property: 'env', message: 'Only entry points (bin/, env.ts) read the environment; pass values in.' },
]
const hiddenTime = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'Take a Clock; only its system implementation reads the time.',
}

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/next-env.d.ts',
      '**/node_modules/**',
      '**/public-dist/**',
      '.cache/**',
      'coverage/**',
      'api/**',
      'docs/api/**',
      '**/fixtures/**',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Objects are made of closures, whose methods need no `this`; contracts declare them as methods all the same.
      '@typescript-eslint/unbound-method': 'off',
      // The compiler narrows a variable that a callback or another turn of the loop changes; the rule believes it.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // `void | Promise<void>` is how a listener may be either.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // `||` on purpose where an empty text counts as absent.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // An index signature gives the key a name, which often says more than Record does.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Interfaces and type aliases say different things to different authors; neither is wrong.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Index signatures are read by name on purpose: `noUncheckedIndexedAccess` makes each read a maybe.
      '@typescript-eslint/dot-notation': 'off',
      // An async function without await is how a synchronous implementation meets an asynchronous contract.
      '@typescript-eslint/require-await': 'off',
      // Numbers and booleans in messages are the point of the messages.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => port.close()` reads better without braces; a void result is not mistaken for a value by the type checker.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Fluent names such as `noop` bodies are fine; empty blocks elsewhere are found by the compiler's unused checks.
      '@typescript-eslint/no-empty-function': 'off',
      // Generated clients (Kubernetes) declare plain JSON shapes as classes; literals are how they are meant to be filled.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-restricted-syntax': ['error', ...moduleShape],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: source,
    ignores: tests,
    rules: {
      'no-restricted-syntax': ['error', ...moduleShape, hiddenTime],
      'no-restricted-properties': ['error', ...hiddenInputs],
      'no-console': 'error',
    },
  },
  {
    // The homes of what the rule above forbids elsewhere.
    files: [
      'packages/core/src/{time,random}/**/*.ts',
      'packages/react/src/{client/client-clock,hook/use-now}.ts',
      'packages/*/src/bin/**/*.ts',
      'examples/*/src/{env,main}.ts',
    ],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-syntax': ['error', ...moduleShape], 'no-console': 'off' },
  },
  {
    files: ['packages/react/**/*.{ts,tsx}', 'examples/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    files: tests,
    rules: {
      // Answers are loosely typed bodies; the test itself fails when they are wrong.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.config.ts', '*.config.js', 'packages/react/.storybook/*', 'packages/react/stories/*.stories.tsx'],
    rules: { 'no-restricted-syntax': 'off', '@typescript-eslint/no-misused-spread': 'off' },
  },
)
