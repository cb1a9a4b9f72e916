import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../clock.js'
import { Recent } from '../../policy/index.js'
import { AccountsError } from '../accounts-error.js'
import type { AccountsCaller } from '../caller.js'
import { refused, type AccountsRefused } from '../refusal.js'
import { apiKeysVersion, readApiKeys, type StoredApiKey } from './api-key-file.js'
import { digestOf } from './api-keys.js'

const TEXT = /^tz_([0-9a-f]{16})_([0-9a-f]{64})$/
/** What a secret for an unknown id is compared with, so that it takes as long. */
const DUMMY = Buffer.alloc(32)

/** The API keys as the daemon knows them: read again whenever the file is another one. */
export class ApiKeyRing {
  readonly #stateDir: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #recent = new Recent<string>()
  #version: string | undefined
  #keys: ReadonlyMap<string, StoredApiKey> = new Map()

  constructor(stateDir: string, clock: Pick<Clock, 'now'>) {
    this.#stateDir = stateDir
    this.#clock = clock
  }

  /** Who asks with a key's text, which counts as one request of its minute. */
  authenticate(
    text: string | undefined,
  ): { readonly outcome: 'proven'; readonly caller: AccountsCaller } | AccountsRefused {
    if (text === undefined)
      return refused(
        'api-key-missing',
        'an API key is needed; to make one: tezio-bridge accounts api-key create',
      )
    try {
      this.#refresh()
    } catch (error) {
      if (error instanceof AccountsError) return refused(error.code, error.message)
      throw error
    }
    const [, id = '', secret = ''] = TEXT.exec(text) ?? []
    const key = this.#keys.get(id)
    const expected = key === undefined ? DUMMY : Buffer.from(key.sha256, 'hex')
    const isEqual = timingSafeEqual(digestOf(Buffer.from(secret, 'hex')), expected)
    if (key === undefined || !isEqual)
      return refused('api-key-invalid', 'the API key is unknown, revoked or misspelt')
    return this.#admitted(key)
  }

  #admitted({ id: keyId, owner, scopes, perMinute }: StoredApiKey) {
    const now = this.#clock.now()
    const seconds = this.#recent.secondsUntil(keyId, perMinute, now)
    if (seconds > 0) {
      const text = `API key ${keyId} asked ${perMinute} times in the last 60 s, which is its limit; ask again in ${seconds} s`
      return refused('rate-limit', text)
    }
    this.#recent.note(keyId, now)
    return { outcome: 'proven', caller: { keyId, owner, scopes } } as const
  }

  #refresh(): void {
    const version = apiKeysVersion(this.#stateDir)
    if (version === this.#version) return
    this.#keys = new Map()
    this.#version = undefined // a file that cannot be read is looked at again, and proves nobody meanwhile
    this.#keys = new Map(readApiKeys(this.#stateDir).map((key) => [key.id, key]))
    this.#version = version
  }
}
