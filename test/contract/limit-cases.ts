import {
  concatBytes,
  encodePublicKey,
  parsePublicKeyHash,
  vaultLabel,
  type PublicKeyHash,
} from '../../src/tezos/index.js'
import { authentication } from '../e2e/abuse/authentications.js'
import { ADDRESS } from '../e2e/daemon.js'
import { own } from '../policy/limits-bench.js'
import { attestation, authenticate, AUTHENTICATION, operation } from '../server/fixture.js'
import { payload } from '../tezos/golden-data.js'
import type { Case, Scene } from './scene.js'
import { signCase } from './sign-case.js'

const [TZ1, TZ2, TZ3] = [ADDRESS.tz1, ADDRESS.tz2, ADDRESS.tz3].map((text) => parsePublicKeyHash(text)!) as [
  PublicKeyHash,
  PublicKeyHash,
  PublicKeyHash,
]

/** 407 mutez to tz1KqTp.. at a fee of 33, from the key itself. */
const TRANSFER = own('octez-codec transaction-to-implicit')
/** The same with another branch: another operation. */
const again = (index: number) => TRANSFER.with(1, index)

/** The transfer, and a delegation behind it. */
const BATCH = concatBytes(TRANSFER, own('taquito Delegation with tz1 delegate').subarray(33))

const refused = (name: string, bytes: Uint8Array, expected: string): Case =>
  signCase(name, TZ1, bytes, expected)

const BOUNDS: readonly Case[] = [
  signCase('a transfer within all bounds', TZ1, TRANSFER, 'signed'),
  refused(
    'a transfer by another source',
    payload('octez-codec transaction-to-implicit'),
    'transaction-not-allowed',
  ),
  refused('a transfer to somebody else', own('taquito transaction'), 'transaction-not-allowed'),
  refused(
    'a call of an entrypoint',
    own('taquito Transaction with do entrypoint and unit'),
    'transaction-not-allowed',
  ),
  refused('an origination with money', own('octez-codec origination'), 'transaction-not-allowed'),
  refused('a batch of one that is allowed and one that is not', BATCH, 'operation-not-allowed'),
  refused('a ballot that is not the one allowed', own('tacoinfra Ballot "pass"'), 'operation-not-allowed'),
  signCase('the ballot that is allowed', TZ1, own('tacoinfra Ballot "yay"'), 'signed'),
  refused(
    'a change of the consensus key',
    own('taquito Update Consensus Key operation tz2'),
    'operation-not-allowed',
  ),
  refused('a message, as failing_noop', payload('taquito A failing_noop operation'), 'operation-not-allowed'),
  refused('a transfer that is cut short', TRANSFER.subarray(0, -1), 'operation-not-allowed'),
  refused('a transfer with a byte more', concatBytes(TRANSFER, Uint8Array.of(0xff)), 'operation-not-allowed'),
]

const CLIENTS: readonly Case[] = [
  signCase('nobody, where a key lists its clients', TZ2, TRANSFER, 'authentication-missing'),
  signCase('a client that a key does not list', TZ2, TRANSFER, 'client-not-allowed', {
    authentication: authentication({ over: TRANSFER, of: TZ2 }),
  }),
  signCase('the client that it lists', TZ2, again(1), 'signed', {
    authentication: authenticate(TZ2, again(1)),
  }),
]

/** What a vault of managed accounts is opened with, as a client that may have data of Michelson signed sends it. */
const LABEL = vaultLabel(0x05, new Uint8Array(16))
const permitted = (bytes: Uint8Array) => ({ authentication: authenticate(TZ2, bytes) })
const VAULT: readonly Case[] = [
  ...[LABEL, concatBytes(LABEL, LABEL), LABEL.with(0, 0x03), operation('tezio-vault-v1')].map(
    (bytes, index) =>
      signCase(`a vault's label, number ${index}`, TZ2, bytes, 'operation-not-allowed', permitted(bytes)),
  ),
  signCase(
    'a text beside it',
    TZ2,
    operation('tezio-vault-v2'),
    'signed',
    permitted(operation('tezio-vault-v2')),
  ),
  // the board's own policy has 0x03 alone; that it says so shows that it was asked
  signCase('data beside it', TZ2, LABEL.with(1, 0x54), 'device-policy', permitted(LABEL.with(1, 0x54))),
]

const HOURS: readonly Case[] = [
  signCase('a vote outside of the hours of its key', TZ3, attestation({ level: 5 }), 'outside-hours'),
]

/** The transfer counts once for all transports; with what a window has room for, nothing more goes out. */
const WINDOW: readonly Case[] = [
  signCase('the very transfer that the window counts already', TZ1, TRANSFER, 'signed'),
  refused('a transfer that the window has no room for', again(9), 'spend-limit'),
]

const tomorrow = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7] ?? ''

/** A daemon whose keys have bounds of every kind. */
export const LIMITS: Scene = {
  name: 'a daemon with limits',
  config: `policy:
  auth_key: { pkh: tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ }
  clients: { payouts: { public_key: ${encodePublicKey(AUTHENTICATION.publicKey)} } }
  signing_keys:
    ${TZ1}:
      allowed_ops: [0x03]
      allow: [transaction, origination, 'ballot:yay']
      auth_req: false
      transactions:
        destinations: [tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx]
        entrypoints: [default]
        max_mutez: 407
        max_fee_mutez: 33
        spend_windows: { hours: 24, max_mutez: 500 }
    ${TZ2}: { allowed_ops: [0x03, 0x05], clients: [payouts] }
    ${TZ3}: { allowed_ops: [0x13], auth_req: false, hours: { from: '00:00', to: '00:01', days: [${tomorrow}] } }
`,
  cases: [...BOUNDS, ...CLIENTS, ...VAULT, ...HOURS, ...WINDOW],
}
