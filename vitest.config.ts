import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-first.ts'],
    // two cores are the least there is; vitest would leave one of two unused
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: process.env['VITEST_JSON'] === undefined ? ['default'] : ['default', 'json'],
    ...(process.env['VITEST_JSON'] === undefined ? {} : { outputFile: { json: process.env['VITEST_JSON'] } }),
  },
})
