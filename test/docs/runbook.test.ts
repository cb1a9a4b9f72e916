import { expect, test } from 'vitest'
import { REMEDIES } from '../../src/telemetry/index.js'
import { codeSpans, readDocument, tableRows } from './documents.js'

const runbook = readDocument('docs/runbook.md')

test('the runbook has a section for every warning there is, and for no other', () => {
  const warnings = runbook.text.slice(runbook.text.indexOf('\n## Warnings'))
  const sections = [...warnings.matchAll(/^### (.+)$/gm)].map(([, title]) => title)
  expect(sections.toSorted()).toEqual(Object.keys(REMEDIES).toSorted())
})

test('the runbook explains every code that a client can be told', () => {
  const told = tableRows(readDocument('docs/signature.md'), 'status').flatMap(([, codes = '']) =>
    codeSpans(codes),
  )
  const explained = tableRows(runbook, 'code').flatMap(([codes = '']) => codeSpans(codes))
  expect(told.length).toBeGreaterThan(40)
  expect(explained.toSorted()).toEqual(told.toSorted())
})
