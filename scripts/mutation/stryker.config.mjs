/** npm run mutation: docs/mutation.md. Paths are from the project's folder. */
export default {
  mutate: ['src/tezos/*.ts', 'src/policy/*.ts', '!**/*.d.ts'],
  testRunner: 'vitest',
  checkers: ['typescript'],
  ignorers: ['words'],
  plugins: [
    '@stryker-mutator/vitest-runner',
    '@stryker-mutator/typescript-checker',
    './scripts/mutation/ignore-words.mjs',
  ],
  vitest: { configFile: 'scripts/mutation/vitest.config.mjs', related: false },
  tsconfigFile: 'scripts/mutation/tsconfig.json',
  typescriptChecker: { prioritizePerformanceOverAccuracy: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // a machine with other work must not make a slow test look like an endless loop, which counts as killed
  timeoutMS: 60_000,
  timeoutFactor: 4,
  // below `break` the exit code is 1
  thresholds: { high: 95, low: 90, break: 90 },
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: 'reports/mutation/mutation.html' },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  tempDirName: 'reports/mutation/sandbox',
  ignorePatterns: ['dist', 'dist.*.new', 'reports', 'bench', 'docs', 'hw-sim'],
}
