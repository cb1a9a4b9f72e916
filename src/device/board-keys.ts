import {
  equalPublicKeys,
  publicKeyFromRaw,
  publicKeyHash,
  type Curve,
  type PublicKey,
  type PublicKeyHash,
} from '../tezos/index.js'
import { DeviceError } from './device-error.js'
import type { Session } from './session.js'
import { getPublicKey, type KeyAlias } from './tezio/index.js'

/** The key that must be found at an alias. */
export type KeyPin = { readonly alias: KeyAlias; readonly publicKeyHash: PublicKeyHash }

/** A board's public keys by alias. */
export type BoardKeys = ReadonlyMap<KeyAlias, PublicKey>

/** The curve of the key at each alias (docs/protocol.md, "Commands"). */
export const CURVE_OF_ALIAS: Readonly<Record<KeyAlias, Curve>> = {
  0: 'p256',
  1: 'ed25519',
  2: 'secp256k1',
  3: 'p256',
}

/** Ed25519 first: no other reply is as long as that key, so a late signature cannot be taken for it. */
const READING_ORDER: readonly KeyAlias[] = [1, 3, 2, 0]
const PROBE: KeyAlias = 1
const READ_TIMEOUT_MS = 500

/** Reads all four keys and checks them against the pins; rejects with `wrong-device` where they differ. */
export async function readBoardKeys(session: Session, pins: readonly KeyPin[]): Promise<BoardKeys> {
  const keys = new Map<KeyAlias, PublicKey>()
  for (const alias of READING_ORDER) keys.set(alias, await readKey(session, alias))
  for (const pin of pins) {
    const key = keys.get(pin.alias)
    const found = key && publicKeyHash(key)
    if (found !== pin.publicKeyHash) {
      const text = `the board's key ${pin.alias} is ${found ?? 'missing'}, not ${pin.publicKeyHash}: another board is plugged in, or the configuration names another key`
      throw new DeviceError('wrong-device', text)
    }
  }
  return keys
}

/** Asks for one key and compares it with the known one: the reply fits the command again. */
export async function probeBoard(session: Session, known: BoardKeys): Promise<void> {
  const expected = known.get(PROBE)
  const found = await readKey(session, PROBE)
  if (expected === undefined || !equalPublicKeys(expected, found)) {
    throw new DeviceError(
      'wrong-device',
      `the board answers with ${publicKeyHash(found)} where another key was`,
    )
  }
}

async function readKey(session: Session, alias: KeyAlias): Promise<PublicKey> {
  const raw = await session.exchange(getPublicKey, { alias }, READ_TIMEOUT_MS)
  const key = publicKeyFromRaw(CURVE_OF_ALIAS[alias], raw)
  if (key !== undefined) return key
  throw new DeviceError('device-reply-damaged', `the reply to GET_PK ${alias} is no public key`, {
    sent: true,
  })
}
