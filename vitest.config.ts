import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-first.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: process.env['VITEST_JSON'] === undefined ? ['default'] : ['default', 'json'],
    ...(process.env['VITEST_JSON'] === undefined ? {} : { outputFile: { json: process.env['VITEST_JSON'] } }),
  },
})
