import { curveOfHash, type Curve } from '../../tezos/index.js'
import { MigrationError } from '../migration-error.js'
import type { KeyDraft } from './draft.js'
import type { Notes } from './notes.js'

const OTHER_BOARD = 'import it into a configuration of its own, for another board'

/**
 * The keys that one board can hold: no tz4, and one of each curve. Where there are several of a curve nothing is
 * guessed: `wanted` (what --key named) decides, and without it none of them is taken. Throws a MigrationError where no
 * key is left, or where `wanted` names one that is not there.
 */
export function chooseKeys(
  keys: readonly KeyDraft[],
  wanted: readonly string[],
  notes: Notes,
): readonly KeyDraft[] {
  const missing = wanted.find((address) => keys.every((key) => key.address !== address))
  if (missing !== undefined) {
    throw new MigrationError(
      `--key ${missing}: the settings name no such key; they have ${keys.map(({ address }) => address).join(', ') || 'none'}`,
    )
  }
  const chosen = wanted.length === 0 ? keys : keys.filter(({ address }) => wanted.includes(address))
  for (const { address } of keys.filter((key) => !chosen.includes(key))) {
    notes.leave(`key ${address}`, '--key did not name it', OTHER_BOARD)
  }
  const held = chosen.filter((key) => canBeHeld(key, chosen, notes))
  if (held.length > 0) return held
  throw new MigrationError(
    'no key is left that a Tezio HSM could hold (one tz1, one tz2 and one tz3 at most); name the one to take with --key ADDRESS',
  )
}

function canBeHeld({ address }: KeyDraft, chosen: readonly KeyDraft[], notes: Notes): boolean {
  const curve: Curve | undefined = curveOfHash(address)
  if (curve === undefined) {
    const remedy = 'sign for it with a signer that holds BLS keys'
    notes.leave(`key ${address}`, 'it is a tz4 key, and no Tezio HSM holds BLS keys', remedy)
    return false
  }
  if (chosen.filter((other) => curveOfHash(other.address) === curve).length === 1) return true
  const reason = `a Tezio HSM holds one ${address.slice(0, 3)} key, and there are several`
  notes.leave(`key ${address}`, reason, 'name the one to take with --key ADDRESS')
  return false
}
