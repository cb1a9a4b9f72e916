import { describe, expect, test } from 'vitest'
import { auditLine, type Audited } from '../../src/policy/audit.js'
import type { SignResult } from '../../src/policy/index.js'
import { payloadDigest, toHex } from '../../src/tezos/index.js'
import { MAINNET, TZ3 } from './fixture.js'

const DIGEST = payloadDigest(Uint8Array.of(0x11))

const audited = (rest: Partial<Audited> = {}): Audited => ({
  ...{ requestId: 'r1', key: TZ3, signable: undefined, digest: DIGEST },
  progress: {
    ...{
      enteredAt: 1000,
      parseMs: 0.040_2,
      policyMs: 0.02,
      turnAt: 1020.25,
      device: 'board',
      syncMs: 3.000_499,
    },
    ...{ deviceMs: 40.5, verifyMs: 0.45, verdict: 'advance' },
    ...{ admitted: true, clients: [] },
  },
  ...rest,
})

const PROVEN = { admitted: true, clients: ['baker', TZ3] }

const signed = (repeated: boolean): SignResult => ({ outcome: 'signed', signature: 'edsig', repeated })
const refused: SignResult = { outcome: 'refused', refusal: { code: 'queue-full', message: 'too many' } }

describe('the line of a request', () => {
  test('tells what each step took, to the thousandth of a millisecond', () => {
    expect(auditLine(audited(), signed(false), 1070.123_456)).toMatchObject({
      ...{ outcome: 'signed', parseMs: 0.04, policyMs: 0.02, queueMs: 20.25, syncMs: 3 },
      ...{ deviceMs: 40.5, verifyMs: 0.45, totalMs: 70.123 },
    })
  })

  test('counts all of the time as waiting when its turn never came', () => {
    const progress = {
      ...{
        enteredAt: 1000,
        parseMs: 0,
        policyMs: 0,
        turnAt: undefined,
        device: undefined,
        syncMs: 0,
        deviceMs: 0,
      },
      ...{ verifyMs: 0, verdict: undefined },
      ...PROVEN,
    }
    const line = auditLine(audited({ progress }), refused, 1055)
    expect(line).toMatchObject({ outcome: 'refused', code: 'queue-full', queueMs: 55, totalMs: 55 })
    for (const field of ['kind', 'verdict']) expect(line).not.toHaveProperty(field)
  })

  test('carries the name of the request and what the rule said', () => {
    expect(auditLine(audited(), signed(false), 1070)).toMatchObject({ requestId: 'r1', verdict: 'advance' })
  })

  test('tells a repeated signature from a new one', () => {
    expect(auditLine(audited(), signed(true), 1070)).toMatchObject({ outcome: 'repeated' })
    expect(auditLine(audited(), signed(true), 1070)).not.toHaveProperty('code')
  })

  test('names a payload by its kind and by the first eight digits of its digest', () => {
    const line = auditLine(audited({ signable: { kind: 'michelson_data', magicByte: 0x05 } }), refused, 1070)
    expect(line).toMatchObject({ kind: 'michelson_data', digest: toHex(DIGEST).slice(0, 8) })
    for (const field of ['contents', 'chain', 'level', 'round']) expect(line).not.toHaveProperty(field)
  })

  test('names a vote by its chain, level and round, and an operation by its contents', () => {
    const vote = { kind: 'attestation', magicByte: 0x13, operation: 'attestation', layout: 'slot' } as const
    const position = { chainId: MAINNET, level: 12, round: 3 }
    const line = auditLine(audited({ signable: { ...vote, ...position } }), signed(false), 1070)
    expect(line).toMatchObject({ kind: 'attestation', chain: MAINNET, level: 12, round: 3 })
    const operation = {
      kind: 'operation',
      magicByte: 0x03,
      contents: [{ kind: 'reveal' }, { kind: 'transaction' }],
    } as const
    expect(auditLine(audited({ signable: operation }), signed(false), 1070)).toMatchObject({
      ...{ kind: 'operation', contents: ['reveal', 'transaction'] },
    })
  })
})
