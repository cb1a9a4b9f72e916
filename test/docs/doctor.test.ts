import { expect, test } from 'vitest'
import { CHECKS } from '../../src/cli/doctor/checks/index.js'
import { codeSpans, readDocument, tableRows } from './documents.js'

const rows = tableRows(readDocument('docs/doctor.md'), 'check')

test('docs/doctor.md lists every check of doctor, in the order of its report', () => {
  expect(rows.map(([check = '']) => codeSpans(check)[0])).toEqual(CHECKS.map(({ id }) => id))
})

test('each row says what WARN or FAIL means and what to do', () => {
  for (const [id, warn, fail, remedy] of rows) {
    expect([id, [warn, fail].some((meaning) => meaning !== '-' && meaning !== ''), remedy !== '']).toEqual([
      id,
      true,
      true,
    ])
  }
})
