import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  existsSync,
  readFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { computeAddress } from 'ethers'
import type { EthereumTokenKey } from '../../../src/device/pkcs11/index.js'
import { parseEthAddress } from '../../../src/ethereum/index.js'
import {
  publicKeyFromRaw,
  publicKeyHash,
  type Curve,
  toHex,
  type PublicKey,
} from '../../../src/tezos/index.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { bytes } from '../support.js'

/** Debian's SoftHSM2, a PKCS#11 token in files. */
export const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
/** OpenSC's module between a program and another module: it writes down every call. */
export const SPY = ['/usr/lib/x86_64-linux-gnu/pkcs11-spy.so', '/usr/lib/aarch64-linux-gnu/pkcs11-spy.so']
/** The program of the process that the device starts, as it is shipped. */
export const WORKER = new URL('../../../dist/src/device/pkcs11/worker.js', import.meta.url)

export { INSTALL_TIMEOUT_MS }

/** Why there can be no token here, told on the terminal as well; empty when there can. */
export function whyNoTokens(): string {
  const script = fileURLToPath(new URL('../../../scripts/pkcs11.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  if (status !== 0) {
    const reason = stderr.trim().split('\n').at(-1) ?? 'pkcs11js could not be compiled'
    console.warn(`skipped: ${reason}`)
    return reason
  }
  return whyMissing('softhsm2') || whyMissing('opensc')
}

export type TokenKeyPair = {
  readonly curve: Curve
  readonly label: string
  readonly id: string
  readonly publicKey: PublicKey
}

/** How pkcs11-tool calls a curve; the first of Ed25519 has its OID in CKA_EC_PARAMS, the second its printable name. */
const CURVE_NAME = { ed25519: 'EC:edwards25519', secp256k1: 'EC:secp256k1', p256: 'EC:prime256v1' } as const

/** A folder of tokens of its own. SoftHSM finds it by an environment variable, so one of them is in use at a time. */
export class SoftTokens {
  readonly folder = mkdtempSync(join(tmpdir(), 'tezio-tokens-'))
  readonly #tokens = join(this.folder, 'tokens')
  #ids = 0

  constructor() {
    mkdirSync(this.#tokens)
    const conf = join(this.folder, 'softhsm2.conf')
    writeFileSync(
      conf,
      `directories.tokendir = ${this.#tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    )
    process.env['SOFTHSM2_CONF'] = conf
  }

  /** Makes a token; resolves with its serial number. */
  add(label: string, pin: string): string {
    const before = this.serials()
    run('softhsm2-util', ['--init-token', '--free', '--label', label, '--so-pin', '87654321', '--pin', pin])
    const serial = this.serials().find((one) => !before.includes(one))
    if (serial === undefined) throw new Error('no token was made')
    return serial
  }

  serials(): readonly string[] {
    const shown = run('softhsm2-util', ['--show-slots'])
    return [...shown.matchAll(/Serial number: +(\S+)/g)].map(([, serial]) => serial ?? '')
  }

  /** What the token says of itself: `user PIN count low` after a refused PIN. */
  flags(label: string): string {
    const shown = run('pkcs11-tool', ['--module', MODULE, '--list-token-slots'])
    const part = shown.split(/^Slot /m).find((text) => text.includes(label)) ?? ''
    return /token flags +: (.*)/.exec(part)?.[1] ?? ''
  }

  addKey(
    token: { readonly by: 'label' | 'serial'; readonly value: string },
    pin: string,
    key: NewKey,
  ): TokenKeyPair {
    this.#ids += 1
    const {
      curve,
      label = `key-${curve}`,
      id = this.#ids.toString(16).padStart(4, '0'),
      curveName = CURVE_NAME[curve],
    } = key
    const slot = token.by === 'label' ? ['--token-label', token.value] : ['--slot', this.#slotOf(token.value)]
    const made = run('pkcs11-tool', [
      ...['--module', MODULE, ...slot, '--login', '--pin', pin, '--keypairgen', '--key-type', curveName],
      ...['--usage-sign', '--label', label, '--id', id],
    ])
    const point = bytes(/EC_POINT: +([0-9a-f]+)/.exec(made)?.[1] ?? '')
    const publicKey = publicKeyFromRaw(curve, point.subarray(curve === 'ed25519' ? 2 : 3))
    if (publicKey === undefined) throw new Error(`no point of ${curve}: ${made}`)
    return { curve, label, id, publicKey }
  }

  /** Puts a secp256k1 key that was made elsewhere on a token, in PKCS #8. */
  importKey(
    label: string,
    pin: string,
    pem: string,
    name: { readonly id: string; readonly label: string },
  ): void {
    const file = join(this.folder, 'private.pem')
    writeFileSync(file, pem)
    const names = ['--label', name.label, '--id', name.id]
    run('softhsm2-util', ['--import', file, '--token', label, '--pin', pin, ...names])
  }

  deleteObject(label: string, pin: string, type: 'privkey' | 'pubkey', id: string): void {
    run('pkcs11-tool', [
      ...['--module', MODULE, '--token-label', label, '--login', '--pin', pin],
      ...['--delete-object', '--type', type, '--id', id],
    ])
  }

  /** Puts the public key object of one P-256 key in the place of another one's. */
  movePublicKey(
    label: string,
    pin: string,
    { from, to, label: name }: { readonly from: string; readonly to: string; readonly label: string },
  ): void {
    const file = join(this.folder, 'public.der')
    const login = ['--module', MODULE, '--token-label', label, '--login', '--pin', pin]
    run('pkcs11-tool', [...login, '--read-object', '--type', 'pubkey', '--id', from, '-o', file])
    this.deleteObject(label, pin, 'pubkey', to)
    const object = ['--write-object', file, '--type', 'pubkey', '--id', to, '--label', name]
    run('pkcs11-tool', [...login, ...object, '--usage-sign'])
  }

  /** pkcs11-tool names the curve of Ed25519; other programs give its OID. */
  addEdwardsKeyByOid(token: string, pin: string, label: string): TokenKeyPair {
    const script = fileURLToPath(new URL('generate-by-oid.mjs', import.meta.url))
    const point = bytes(run(process.execPath, [script, MODULE, token, pin, label]).trim())
    const publicKey = publicKeyFromRaw('ed25519', point.subarray(2))
    if (publicKey === undefined) throw new Error('no Ed25519 key')
    return { curve: 'ed25519', label, id: '', publicKey }
  }

  /** Every object of a token, as a person with the PIN sees them; `incomplete` leaves a private key without a key first. */
  objects(
    token: string,
    pin: string,
    incomplete?: { readonly id: string; readonly label: string },
  ): readonly TokenObject[] {
    const script = fileURLToPath(new URL('token-objects.mjs', import.meta.url))
    const action = incomplete === undefined ? [] : ['incomplete', incomplete.id, incomplete.label]
    return JSON.parse(run(process.execPath, [script, MODULE, token, pin, ...action])) as TokenObject[]
  }

  /** The files of the first token, which grow in number when something is put on it. */
  files(): readonly string[] {
    const [token] = readdirSync(this.#tokens)
    return token === undefined ? [] : readdirSync(join(this.#tokens, token))
  }

  /** Takes every token away, as if it was pulled out. */
  takeAway(): void {
    renameSync(this.#tokens, `${this.#tokens}.away`)
    mkdirSync(this.#tokens)
  }

  putBack(): void {
    rmSync(this.#tokens, { recursive: true, force: true })
    renameSync(`${this.#tokens}.away`, this.#tokens)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** The module that writes down calls, and how many of one function there were. */
  spy(): { readonly module: string; readonly count: (call: string) => number; readonly text: () => string } {
    const log = join(this.folder, 'spy.log')
    process.env['PKCS11SPY'] = MODULE
    process.env['PKCS11SPY_OUTPUT'] = log
    const module = SPY.find((path) => existsSync(path))
    if (module === undefined) throw new Error('opensc has no pkcs11-spy.so')
    const text = () => (existsSync(log) ? readFileSync(log, 'utf8') : '')
    return { module, text, count: (call) => text().match(new RegExp(`: ${call}$`, 'gm'))?.length ?? 0 }
  }

  #slotOf(serial: string): string {
    const part = run('softhsm2-util', ['--show-slots'])
      .split(/^Slot /m)
      .find((text) => text.includes(serial))
    return /^\d+/.exec(part ?? '')?.[0] ?? ''
  }
}

/** `value` is what the token answers whoever asks for CKA_VALUE. */
export type TokenObject = {
  readonly isPrivate: boolean
  readonly id: string
  readonly label: string
  readonly value: string
}

export type NewKey = {
  readonly curve: Curve
  readonly label?: string
  readonly id?: string
  readonly curveName?: string
}

/** A key as the device is told of it. */
export function asTokenKey({ curve, label, publicKey }: TokenKeyPair) {
  return { publicKeyHash: publicKeyHash(publicKey), curve, label }
}

/** An Ethereum key as the device is told of it; its address is what ethers makes of it. */
export function asEthereumKey({ label, publicKey }: TokenKeyPair): EthereumTokenKey {
  const address = parseEthAddress(computeAddress(`0x${toHex(publicKey.bytes)}`))
  if (address === undefined) throw new Error('ethers has no address for it')
  return { address, label }
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}
