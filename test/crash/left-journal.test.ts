import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MarksJournal } from '../../src/policy/index.js'
import { signatureOf, temporaryDirectory, wanted } from '../policy/fixture.js'
import { fewSizes, powerCutFaults } from './left-journal.js'

/** A journal's bytes before a mark was raised, with the mark, and with its signature. */
function journals() {
  const directory = temporaryDirectory()
  const options = { directory, maxLevelGap: 'off' } as const
  const seen = () => readFileSync(join(directory, 'marks.journal'))
  MarksJournal.create(options, [{ ...wanted(0) }])
  const journal = MarksJournal.open(options)
  const [before] = [seen(), journal.reserve(wanted(5))]
  const marked = seen()
  journal.keepSignature(wanted(5), signatureOf(1))
  const signed = seen()
  journal.close()
  return { before, marked, signed }
}

describe('the judge of power cuts', () => {
  it('finds nothing where the mark was synced before anything was sent', () => {
    const { marked, signed } = journals()
    expect(powerCutFaults(signed, marked.length, [wanted(5)])).toEqual([])
    expect(powerCutFaults(marked, marked.length, [wanted(5)])).toEqual([])
  })

  it('finds every size at which an unsynced mark would be lost', () => {
    const { before, marked, signed } = journals()
    const faults = powerCutFaults(signed, before.length, [wanted(5)])
    expect(faults).toHaveLength(marked.length - before.length)
    expect(powerCutFaults(marked, before.length, [])).toEqual([])
  })

  it('finds a mark for another payload, and none at all', () => {
    const { marked } = journals()
    expect(powerCutFaults(marked, marked.length, [wanted(5, 0, 2)])).toHaveLength(1)
    expect(powerCutFaults(marked, marked.length, [wanted(4, 0, 2)])).toEqual([])
    expect(powerCutFaults(marked, marked.length, [wanted(5, 0, 1, { kind: 'block' })])).toHaveLength(1)
  })

  it('looks where the unsynced part begins and about its line ends, in a long journal', () => {
    const { before, marked, signed } = journals()
    const sizes = fewSizes(signed, before.length)
    expect(sizes).toEqual(expect.arrayContaining([before.length, marked.length, signed.length]))
    expect(powerCutFaults(signed, before.length, [wanted(5)], sizes).length).toBeGreaterThan(1)
  })
})
