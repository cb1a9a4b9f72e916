import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'

/** Behind all others, because they are slow; a mutant's first failing test ends its run. */
const SLOW = ['import', 'guarded-signer-head', 'marks-journal', 'journal-file', 'state-lock', 'journal-crash']

class QuickFirst extends BaseSequencer {
  sort(files) {
    return files.toSorted((left, right) => place(left.moduleId) - place(right.moduleId))
  }
}

function place(path) {
  if (path.includes('/test/tezos/')) return -2
  return SLOW.findIndex((name) => path.endsWith(`/${name}.test.ts`))
}

/** The tests that judge a mutant: without `test/build-first.ts`, because none of them runs a compiled program. */
export default defineConfig({
  test: {
    include: ['test/tezos/**/*.test.ts', 'test/policy/**/*.test.ts'],
    setupFiles: ['scripts/mutation/fixed-seed.mjs'],
    sequence: { sequencer: QuickFirst },
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
