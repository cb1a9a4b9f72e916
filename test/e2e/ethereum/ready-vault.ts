import { AccountsJournal, Vault, type VaultDevice } from '../../../src/accounts/index.js'
import { payloadDigest } from '../../../src/tezos/index.js'
import { QUICK } from '../../accounts/vault/fixture.js'
import { transcriptKeys } from '../../device/support.js'
import { SECRET } from './accounts-bench.js'

/** The Ed25519 key of the benches' boards, as a vault asks it. */
const device: VaultDevice = {
  name: 'board0',
  publicKey: () => transcriptKeys().ed25519.publicKey,
  signLabel: (label) =>
    Promise.resolve({
      outcome: 'signed',
      signature: transcriptKeys().ed25519.sign(payloadDigest(label), () => new Uint8Array()),
    }),
}

/**
 * Makes a vault of `board0` in a state directory, before a daemon is there, and resolves with its words. Its slots open
 * at once: their key derivation takes no time.
 */
export async function readyVault(stateDir: string): Promise<string> {
  const store = AccountsJournal.open({ directory: stateDir })
  try {
    const vault = new Vault({ store, devices: [device], kdf: QUICK })
    const made = await vault.create({
      ...{ kind: 'device', device: device.name, op: 3, passphrase: Buffer.from(SECRET) },
    })
    if (made.outcome === 'refused') throw new Error(made.refusal.message)
    return made.words
  } finally {
    await store.close()
  }
}
