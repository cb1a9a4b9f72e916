import {
  encodeCommand,
  FRAME_OVERHEAD,
  getPublicKey,
  scanReply,
  type KeyAlias,
} from '../src/device/tezio/index.js'
import {
  concatBytes,
  decodePublicKey,
  fromHex,
  publicKeyFromRaw,
  type PublicKey,
} from '../src/tezos/index.js'
import { systemClock, type Clock } from './clock.js'
import { CURVE_OF, KEY_NAMES } from './device-key.js'
import type { DeviceKeys } from './device-keys.js'
import { judgeReply } from './transcript-judge.js'
import {
  expectedSignature,
  keyLabel,
  keysOfTranscript,
  type TranscriptCase,
  type TranscriptFile,
} from './transcript.js'

/** A cable to a device, as the replay needs it. */
export type ReplayLink = {
  /** Writes in one piece. Rejects when the device is gone. */
  readonly send: (bytes: Uint8Array) => Promise<void>
  /** Hears what the device sends, for as long as the link lives. */
  readonly onBytes: (listener: (bytes: Uint8Array) => void) => void
  /** Power off and on; a link that cannot do it leaves it out. */
  readonly restart?: () => void
  /** Settles when the device is gone; `undefined` for a link that cannot be lost. */
  readonly lost?: Promise<unknown>
}

/** How to replay. */
export type ReplayOptions = {
  readonly clock?: Clock
  /** How long a reply may take. Default 3000 ms, which a real board needs for its slowest signature. */
  readonly timeoutMs?: number
  /** How long nothing must come where nothing was recorded. Default 300 ms. */
  readonly quietMs?: number
  /** Keys to verify with, in place of those of the recording. */
  readonly keys?: DeviceKeys
  /** Aborted when the replay is to end early; it then rejects. */
  readonly stop?: AbortSignal
}

/** One exchange that was not as recorded; `number` counts from 1. */
export type Difference = { readonly number: number; readonly name: string; readonly difference: string }

/** What a replay found. `unrestarted`: recorded restarts that this link could not make. */
export type ReplayReport = {
  readonly cases: number
  readonly same: number
  readonly unrestarted: number
  readonly differences: readonly Difference[]
}

/**
 * Sends all that was recorded, in order, each command after the answer to the one before, and judges what comes back.
 * Public keys that neither the recording nor the options know are asked of the device first. Rejects when the device
 * is lost, and with a TranscriptError for keys that are none.
 */
export async function replayTranscript(
  file: TranscriptFile,
  link: ReplayLink,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const inbox = new Inbox(link, options)
  const keys = await publicKeys(file, options.keys ?? keysOfTranscript(file), inbox)
  const differences: Difference[] = []
  let unrestarted = 0
  for (const [index, recorded] of file.cases.entries()) {
    if (recorded.restart === true) {
      if (link.restart === undefined) unrestarted += 1
      else link.restart()
    }
    const early = inbox.take()
    const reply = await inbox.ask(fromHex(recorded.send) ?? new Uint8Array(), sizeOf(recorded))
    const difference =
      early.length > 0
        ? `${early.length} bytes came before it that were not recorded`
        : judgeReply(recorded, reply, (alias) => keys.get(alias))
    if (difference !== undefined) differences.push({ number: index + 1, name: recorded.name, difference })
  }
  const same = file.cases.length - differences.length
  return { cases: file.cases.length, same, unrestarted, differences }
}

const sizeOf = ({ reply }: TranscriptCase): number => (reply?.length ?? 0) / 2

/** What came and was not asked about yet. */
class Inbox {
  readonly #link: ReplayLink
  readonly #options: ReplayOptions
  #bytes: Uint8Array = new Uint8Array()
  #onChange: () => void = () => undefined
  #lost: unknown

  constructor(link: ReplayLink, options: ReplayOptions) {
    this.#link = link
    this.#options = options
    link.onBytes((bytes) => {
      this.#bytes = concatBytes(this.#bytes, bytes)
      this.#onChange()
    })
    const lose = (reason: unknown) => {
      this.#lost = reason
      this.#onChange()
    }
    link.lost?.then(lose, lose)
    options.stop?.addEventListener('abort', () => {
      lose(new Error('the replay was stopped'))
    })
  }

  take(): Uint8Array {
    const bytes = this.#bytes
    this.#bytes = new Uint8Array()
    return bytes
  }

  /** What answers a command of which `size` bytes are expected: these many, another whole frame, or what came in time. */
  async ask(command: Uint8Array, size: number): Promise<Uint8Array> {
    this.#refuseLost()
    await this.#link.send(command)
    const { clock = systemClock, timeoutMs = 3000, quietMs = 300 } = this.#options
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(size === 0 ? quietMs : timeoutMs, resolve)
      this.#onChange = () => {
        if (this.#lost === undefined && !this.#isWhole(size)) return
        cancel()
        resolve()
      }
      this.#onChange()
    })
    this.#onChange = () => undefined
    this.#refuseLost()
    return this.take()
  }

  #isWhole(size: number): boolean {
    if (size === 0) return false
    if (this.#bytes.length >= size) return true
    const scan = scanReply(this.#bytes)
    return scan.kind === 'reply' && scan.size === this.#bytes.length
  }

  #refuseLost(): void {
    if (this.#lost === undefined) return
    throw this.#lost instanceof Error ? this.#lost : new Error('the device is gone')
  }
}

/** The public key of each alias whose signatures are expected. */
async function publicKeys(
  file: TranscriptFile,
  keys: DeviceKeys | undefined,
  inbox: Inbox,
): Promise<ReadonlyMap<KeyAlias, PublicKey>> {
  const found = new Map<KeyAlias, PublicKey>()
  const aliases = new Set(file.cases.flatMap((recorded) => expectedSignature(recorded)?.alias ?? []))
  for (const alias of aliases) {
    const name = KEY_NAMES[alias]
    const known = keys?.[name].publicKey ?? decodePublicKey(file.public_keys?.[keyLabel(name)] ?? '')
    const key = known ?? (await askPublicKey(alias, inbox))
    if (key !== undefined) found.set(alias, key)
  }
  return found
}

async function askPublicKey(alias: KeyAlias, inbox: Inbox): Promise<PublicKey | undefined> {
  const [rawSize = 0] = getPublicKey.bodySizes({ alias })
  const reply = scanReply(
    await inbox.ask(encodeCommand(getPublicKey.encode({ alias })), rawSize + FRAME_OVERHEAD),
  )
  return reply.kind === 'reply' ? publicKeyFromRaw(CURVE_OF[KEY_NAMES[alias]], reply.body) : undefined
}
