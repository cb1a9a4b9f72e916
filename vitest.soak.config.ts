import { defineConfig } from 'vitest/config'

/** The parts of `npm run soak` that are written as tests (scripts/soak-parts.mjs). */
export default defineConfig({
  test: {
    include: ['test/soak/*.soak.ts'],
    globalSetup: ['test/build-first.ts'],
    testTimeout: 0,
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
})
