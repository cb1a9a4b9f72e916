// Makes accounts without end, in both custodies, and says each that was answered. It is killed.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { AccountsJournal, AccountsService, Vault } from '../../../dist/src/accounts/index.js'
import { parseEthPublicKey } from '../../../dist/src/ethereum/index.js'
import { payloadDigest } from '../../../dist/src/tezos/index.js'

/** A token whose keys are files, each of which is there whole or not at all. */
export function fileToken(directory, death) {
  mkdirSync(directory, { recursive: true })
  const secretOf = (id) => {
    if (!readdirSync(directory).includes(id)) return undefined
    return readFileSync(join(directory, id))
  }
  const keyOf = (id) => {
    const secret = secretOf(id)
    return secret && parseEthPublicKey(secp256k1.getPublicKey(secret, false))
  }
  return {
    name: 'files',
    ready: async () => undefined,
    generate: async (id) => {
      if (secretOf(id) !== undefined) throw new Error(`${id} has a key`)
      dieAt('before-key', death)
      const path = join(directory, id)
      writeFileSync(`${path}.new`, secp256k1.utils.randomSecretKey())
      renameSync(`${path}.new`, path)
      dieAt('behind-key', death)
      return keyOf(id)
    },
    publicKeyOf: async (id) => keyOf(id),
    label: async () => false,
    sign: async (id, digest) => secp256k1.sign(digest, secretOf(id), { prehash: false }),
  }
}

/** The accounts of a folder, with the vault open. */
export async function openAccounts(folder, death) {
  const secret = new Uint8Array(32).fill(7)
  const device = {
    name: 'soft',
    publicKey: () => ({ curve: 'ed25519', bytes: ed25519.getPublicKey(secret) }),
    signLabel: async (label) => ({
      outcome: 'signed',
      signature: ed25519.sign(payloadDigest(label), secret),
    }),
  }
  const store = AccountsJournal.open({ directory: folder, segmentBytes: 20_000 })
  const vault = new Vault({ store, devices: [device], kdf: { name: 'scrypt', n: 16, r: 8, p: 1 } })
  const passphrase = Buffer.from('a long enough secret')
  const opened = await vault.unlock(passphrase)
  if (opened.outcome === 'refused') await vault.create({ kind: 'device', device: 'soft', op: 3, passphrase })
  const token = fileToken(join(folder, 'token'), death)
  const settings = {
    ...{ vault: { devices: ['soft'] }, custody: 'vault', sign: ['message'] },
    chains: [],
  }
  const service = new AccountsService({ settings, store, vault, token, host: 'here' })
  return { service, store, token }
}

function dieAt(point, death) {
  if (point === death) process.kill(process.pid, 'SIGKILL')
}

const [, , folder, death] = process.argv
if (import.meta.filename === process.argv[1]) {
  const { service } = await openAccounts(folder, death)
  await service.settle()
  const caller = { keyId: 'k', owner: 'alice', scopes: ['accounts:create'] }
  process.stdout.write('ready\n')
  for (let index = 0; ; index += 1) {
    const wanted = {
      custody: index % 2 === 0 ? 'hsm' : 'vault',
      idempotencyKey: `${process.pid}-${index >> 1}-${index % 2}`,
    }
    const made = await service.create(caller, wanted)
    if (made.outcome !== 'created') throw new Error(made.refusal.message)
    process.stdout.write(`${made.account.address}\n`)
    // the loop has to let go of the thread, for what was said to go out
    await new Promise((resolve) => setImmediate(resolve))
  }
}
