import { addressOfPublicKey, type EthAddress, type EthPublicKey } from '../../ethereum/index.js'
import { DeviceError } from '../device-error.js'
import type { DeviceHealth } from '../device-health.js'
import { ACCOUNT_PREFIX, isAccountId } from './account-names.js'
import { ethereumKeyFromPoint } from './ethereum-keys.js'
import type { AccountRequest, TokenReply } from './messages.js'
import { proveKey } from './prove-keys.js'
import { rawSignature, unexpected } from './sign-digest.js'
import { checkDigest } from './sign-in-session.js'
import { TokenLink, type TokenLinkOptions } from './token-link.js'
import type { TokenProcess } from './token-process.js'

/** `timeoutMs` is for everything that is asked, making a key among it. */
export type AccountsTokenOptions = TokenLinkOptions

/**
 * A PKCS#11 token that makes and keeps one key for each account (secp256k1), and never lets one out. It is opened and
 * opened again as other tokens are, in a process of its own whose session may write. An id is 32 lower-case hex digits, and
 * every method rejects with a DeviceError.
 */
export class AccountsToken {
  readonly #timeoutMs: number
  readonly #link: TokenLink

  constructor(options: AccountsTokenOptions) {
    const { module, token, pin, timeoutMs } = options
    this.#timeoutMs = timeoutMs
    this.#link = new TokenLink(options, {
      opening: { kind: 'open-accounts', module, token, pin },
      prove: () => Promise.resolve(), // each key is proven when it is asked for
    })
  }

  /** Begins to look for the token, and goes on until `close` or a refused PIN. Call it once. */
  open(): void {
    this.#link.open()
  }

  health(): DeviceHealth {
    return this.#link.health()
  }

  /** Resolves when the token can be asked; while it is being opened it waits `ms` at most. Nothing was sent. */
  ready(ms: number): Promise<void> {
    return this.#link.ready(ms)
  }

  /** Resolves when the token was opened for the first time; waits `ms` at most. Rejects with the first failure. */
  firstContact(ms: number): Promise<void> {
    return this.#link.firstContact(ms)
  }

  /** Stops looking, fails what is in flight with `device-lost`, and ends the process of the module. */
  close(): Promise<void> {
    return this.#link.close()
  }

  /**
   * Makes the key of an id and resolves with its public key, proven by a signature. What a crash left of an earlier attempt
   * at this id is removed first. Rejects with `device-refused` where the id has a key, where the token is full, and where
   * the token made a key that could be read out of it, which it then destroys. After any rejection with `sent`, ask
   * `publicKeyOf` whether there is a key.
   */
  async generate(id: string): Promise<EthPublicKey> {
    checkId(id)
    return this.#run('GENERATE', async (process) => {
      const key = await this.#keyAt(process, { kind: 'generate-account', id })
      if (key !== undefined) return key
      throw new DeviceError('device-reply-damaged', `the account key ${id} was made without a public key`, {
        sent: true,
      })
    })
  }

  /** The public key of an id, proven by a signature; `undefined` where the token has none, or half of one after a crash. */
  async publicKeyOf(id: string): Promise<EthPublicKey | undefined> {
    checkId(id)
    return this.#run('FIND', (process) => this.#keyAt(process, { kind: 'find-account', id }))
  }

  /**
   * Names both objects of a key by its address, for people who look at the token. Resolves with false where the token lets
   * no name be changed. Rejects with `device-refused` where the address is another key's.
   */
  async label(id: string, address: EthAddress): Promise<boolean> {
    checkId(id)
    return this.#run('LABEL', async (process) => {
      const key = await this.#keyAt(process, { kind: 'find-account', id })
      const found = key === undefined ? 'not there' : addressOfPublicKey(key)
      if (found !== address) {
        throw new DeviceError('device-refused', `the account key ${id} is ${found}, and not ${address}`)
      }
      const label = `${ACCOUNT_PREFIX}${address}`
      const reply = await this.#ask(process, { kind: 'label-account', id, label })
      if (reply.kind !== 'labelled') throw unexpected(reply)
      return reply.isSet
    })
  }

  /** The raw signature, R then S, over 32 bytes. One attempt, not verified here, and S may be high. */
  async sign(id: string, digest: Uint8Array): Promise<Uint8Array> {
    checkId(id)
    checkDigest(digest)
    return this.#run('SIGN', (process) => this.#sign(process, id, digest))
  }

  /** The ids of all private keys that are named as those of accounts, in order; half keys may be among them. */
  async list(): Promise<readonly string[]> {
    return this.#run('LIST', async (process) => {
      const reply = await this.#ask(process, { kind: 'list-accounts' })
      if (reply.kind !== 'accounts') throw unexpected(reply)
      return reply.ids
    })
  }

  async #keyAt(
    process: TokenProcess,
    request: Extract<AccountRequest, { readonly kind: 'generate-account' | 'find-account' }>,
  ): Promise<EthPublicKey | undefined> {
    const reply = await this.#ask(process, request)
    if (reply.kind !== 'account') throw unexpected(reply)
    if (reply.point === undefined) return undefined
    const key = ethereumKeyFromPoint(reply.point)
    const name = `the account key ${request.id}`
    if (key === undefined) {
      throw new DeviceError('wrong-device', `${name}: its public key object is no point of secp256k1`)
    }
    await proveKey(key.provable, name, (digest) => this.#sign(process, request.id, digest))
    return key.publicKey
  }

  async #sign(process: TokenProcess, id: string, digest: Uint8Array): Promise<Uint8Array> {
    return rawSignature(await this.#ask(process, { kind: 'sign-account', id, digest }))
  }

  #ask(process: TokenProcess, request: AccountRequest): Promise<TokenReply> {
    return process.ask(request, this.#timeoutMs)
  }

  #run<Value>(command: string, work: (process: TokenProcess) => Promise<Value>): Promise<Value> {
    return this.#link.run(command, work, { isUrgent: false })
  }
}

function checkId(id: string): void {
  if (isAccountId(id)) return
  const text = `the id of an account key is 32 lower-case hex digits, and this has ${id.length} characters`
  throw new DeviceError('device-refused', text)
}
