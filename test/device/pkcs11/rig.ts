import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { AccountsToken, type AccountsTokenOptions } from '../../../src/device/pkcs11/accounts-token.js'
import { Pkcs11Device, type Pkcs11DeviceOptions } from '../../../src/device/pkcs11/index.js'
import { DeviceError } from '../../../src/device/index.js'
import { CURVES } from '../../../src/tezos/index.js'
import { EventLog, type StandingClock } from '../support.js'
import { asTokenKey, MODULE, SoftTokens, WORKER, type TokenKeyPair } from './soft-tokens.js'

/** The form of a PIN that some modules want, user and password in one. */
export const PIN = 'resigner:48151623'
export const LABEL = 'tezos'
export const TOKEN = { by: 'label', value: LABEL } as const
export const PAYLOAD = Uint8Array.of(0x11, 1, 2, 3)

export type Rig = { readonly device: Pkcs11Device; readonly log: EventLog }
export type AccountsRig = { readonly device: AccountsToken; readonly log: EventLog }

/** What tests opened, closed in reverse order. */
export class Opened {
  readonly #closers: (() => unknown)[] = []

  tokens(): SoftTokens {
    const tokens = new SoftTokens()
    this.later(() => {
      tokens.remove()
    })
    return tokens
  }

  device(options: Partial<Pkcs11DeviceOptions> & Pick<Pkcs11DeviceOptions, 'keys'>): Rig {
    const log = new EventLog()
    const device = new Pkcs11Device({
      ...{ module: MODULE, token: TOKEN, pin: PIN, timeoutMs: 1500, worker: WORKER, onEvent: log.sink },
      ...options,
    })
    device.open()
    this.later(() => device.close())
    return { device, log }
  }

  /** A token for keys of accounts. */
  accounts(options: Partial<AccountsTokenOptions> = {}): AccountsRig {
    const log = new EventLog()
    const device = new AccountsToken({
      ...{ module: MODULE, token: TOKEN, pin: PIN, timeoutMs: 1500, worker: WORKER, onEvent: log.sink },
      ...options,
    })
    device.open()
    this.later(() => device.close())
    return { device, log }
  }

  /** A new token for keys of accounts, which is ready. */
  async readyAccounts(options: Partial<AccountsTokenOptions> = {}) {
    const tokens = this.tokens()
    tokens.add(LABEL, PIN)
    const rig = this.accounts(options)
    await rig.device.firstContact(10_000)
    return { tokens, ...rig }
  }

  /** A token with a key of every curve, and a device that is ready. */
  async ready(options: Partial<Pkcs11DeviceOptions> = {}): Promise<Rig & Scene> {
    const scene = this.scene()
    const rig = this.device({ keys: scene.keys.map(asTokenKey), ...options })
    await rig.device.firstContact(10_000)
    return { ...rig, ...scene }
  }

  scene(): Scene {
    const tokens = this.tokens()
    const serial = tokens.add(LABEL, PIN)
    return { tokens, serial, keys: CURVES.map((curve) => tokens.addKey(TOKEN, PIN, { curve })) }
  }

  /** Resolves when `isSo`, which is asked at every turn of the event loop; the test's own time is the limit. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await setImmediate()
  }

  /** The same, with a second of `clock` for every turn. */
  async advanceUntil(clock: StandingClock, isSo: () => boolean): Promise<void> {
    await this.until(() => {
      if (isSo()) return true
      clock.advance(1000)
      return false
    })
  }

  later(close: () => unknown): void {
    this.#closers.push(close)
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }
}

export type Scene = {
  readonly tokens: SoftTokens
  readonly serial: string
  readonly keys: readonly TokenKeyPair[]
}

/** A failure by code and by what was sent; `resolved` for none. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) =>
      error instanceof DeviceError ? { code: error.code, sent: error.sent, message: error.message } : error,
  )

/** The processes of modules that a process started. */
export function workerPids(parent = process.pid): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const isChild =
        / \(.*\) \S (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1] === String(parent)
      const isWorker = readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('pkcs11/worker.js')
      return isChild && isWorker ? [Number(name)] : []
    } catch {
      return [] // it ended meanwhile
    }
  })
}

/** The one process of the module of the one device that is open. */
export function workerPid(parent = process.pid): number {
  const [pid, ...more] = workerPids(parent)
  if (pid === undefined || more.length > 0)
    throw new Error(`${more.length + (pid === undefined ? 0 : 1)} workers`)
  return pid
}

export function isAlive(pid: number): boolean {
  try {
    return !/ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
