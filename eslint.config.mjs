/** The linter finds bugs; how code looks is Prettier's. Warnings fail. */
import tseslint from 'typescript-eslint'

/** What only the composition root, the process and the rooms that own it may touch. */
const worldGlobals = ['Date', 'setTimeout', 'setInterval', 'fetch', 'process'].map((name) => ({
  name,
  message: 'Time, network and environment are passed in by server.ts, so that tests decide them.',
}))

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'coverage/', '.venv/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        // One program for all; a file it does not include is an error.
        project: 'test/tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/return-await': ['error', 'always'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Hostile characters have to be named to be refused.
      'no-control-regex': 'off',
      // Every `||` of a straight list of conditions counts, so the usual 12 would split what reads well as one.
      complexity: ['error', 15],
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'func-style': ['error', 'declaration', { allowArrowFunctions: true }],
      'max-lines': ['error', { max: 300 }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    // A server's own timers are not the gate's clock.
    ignores: [
      'src/server.ts',
      'src/real-clock.ts',
      'src/main.ts',
      'src/cli/**',
      'src/certificate-files.ts',
      'src/snapshot-files.ts',
      'src/envoy/deadline-watch.ts',
      'src/envoy/connection-life.ts',
      'src/http1/server-connection.ts',
      'src/http2/server-connection.ts',
      'src/envoy/grpc-server.ts',
      'src/forward-auth/forward-auth-server.ts',
      'src/forward-auth/node-http.ts',
    ],
    rules: { 'no-restricted-globals': ['error', ...worldGlobals] },
  },
  {
    // These rooms write `Date`-free code too, but need one name each: the answer below says which and why.
    // process.version, for build info; Date as a calendar, which reads no clock
    files: [
      'src/telemetry/metrics.ts',
      'src/telemetry/issuer-report.ts',
      'src/jwks/pem.ts',
      'src/revocation/rfc3339.ts',
    ],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.property.name=/^(only|skip|todo|skipIf|runIf)$/][callee.object.name=/^(it|test|describe)$/]',
          message: 'No test is focused or left out.',
        },
      ],
    },
  },
)
