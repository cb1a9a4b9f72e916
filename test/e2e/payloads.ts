import { randomBytes } from 'node:crypto'
import { concatBytes, fromHex } from '../../src/tezos/index.js'
import { block as blockPayload, vote } from '../tezos/build-payload.js'

// Each call makes another payload for its level and round.

export const block = (level: number, round = 0) =>
  blockPayload({
    ...{ level, round, payloadRound: 0 },
    seedNonce: concatBytes(Uint8Array.of(0xff), randomBytes(32)),
  })

export const preattestation = (level: number, round = 0) =>
  vote({ tag: 0x14, level, round, slot: randomBytes(2) })

export const attestation = (level: number, round = 0) =>
  vote({ tag: 0x15, level, round, slot: randomBytes(2) })

export const operation = () =>
  concatBytes(fromHex('03')!, randomBytes(32), fromHex('01')!, randomBytes(4 + 32))
