import { expect, test } from 'vitest'
import { accountGrants } from '../../src/accounts/postgresql/index.js'
import { grants } from '../../src/shared-marks/index.js'
import { readDocument } from '../docs/documents.js'

test('docs/shared-marks.md shows the rights that a daemon needs, as the tests give them', () => {
  const { fences } = readDocument('docs/shared-marks.md')
  const lines = fences.flatMap((fence) => fence.lines).map((line) => line.trim())
  expect(lines.filter((line) => line.startsWith('GRANT '))).toEqual(
    [...grants('bridge'), ...accountGrants('bridge')].map((statement) => `${statement.replaceAll('"', '')};`),
  )
})
