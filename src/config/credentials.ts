import { createHash, type X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { expiryOf, readCertificates, readPrivateKey, refusalOfDates } from './certificate.js'
import { ConfigError, type ConfigProblem } from './config-error.js'
import type { Config, TlsConfig } from './config.js'
import { readCredentialFile } from './credential-file.js'
import { isRefused, pathText, printable, refused, type Path, type Refused } from './findings.js'

/** What TLS is made of. The key is secret: this is shown nowhere and goes nowhere but to the listener. */
export type TlsMaterial = {
  readonly cert: string
  readonly key: string
  readonly clientCa: string | undefined
  readonly expiresAt: Date
}

/** A client's token, as its SHA-256 in hex. */
export type TokenDigest = { readonly client: string; readonly sha256: string }

/** What the files say that a configuration names: read anew at each reload, and part of no configuration. */
export type Credentials = {
  readonly tls: TlsMaterial | undefined
  readonly tokens: readonly TokenDigest[]
  /** PINs of tokens by the device's name, where a file holds them. Secret: they go nowhere but to the token. */
  readonly pins: ReadonlyMap<string, string>
  /** The PIN of the token of accounts, where a file holds it. Secret. */
  readonly accountsPin: string | undefined
  /** What opens the vault of accounts, where it was typed at the start; wiped once it was used. Secret. */
  readonly vaultPassphrase?: Uint8Array | undefined
  /** What authenticates requests for claims. Secret. */
  readonly claimsKey: Uint8Array | undefined
}

/** The shortest token, in bytes, once white space at its ends is gone: nobody guesses 128 bits. */
const MIN_TOKEN_BYTES = 16
/** The longest: a header has to hold it. */
const MAX_TOKEN_BYTES = 1024

const MAX_PATH = 200

type Refuse = (path: Path, message: string) => void

/** The files that `config` names, read and checked at the instant `now`. Throws a ConfigError naming every problem. */
export function readCredentials(config: Config, now: Date): Credentials {
  const problems: ConfigProblem[] = []
  const refuse: Refuse = (path, message) => {
    problems.push({ line: undefined, path: pathText(path), message })
  }
  const tls = config.server.tls && readTlsFiles(config.server.tls, now, refuse)
  const tokens = readTokens(config, refuse)
  const pins = readPins(config, refuse)
  const accountsPin = readAccountsPin(config, refuse)
  const claimsKey = readClaimsKey(config, refuse)
  if (problems.length > 0) throw new ConfigError('invalid', config.file, problems)
  return { tls, tokens, pins, accountsPin, claimsKey }
}

function readTlsFiles(files: TlsConfig, now: Date, refuse: Refuse): TlsMaterial | undefined {
  const { certFile, keyFile, clientCaFile } = files
  const cert = readPem('cert', certFile, (text) => readChain(text, now), refuse)
  const key = readPem('key', keyFile, readPrivateKey, refuse)
  const ca = clientCaFile && readPem('client_ca', clientCaFile, (text) => readAuthorities(text, now), refuse)
  const leaf = cert?.value[0]
  if (cert === undefined || key === undefined || leaf === undefined) return undefined
  if (!leaf.checkPrivateKey(key.value)) {
    const [one, other] = [keyFile, certFile].map((file) => printable(file, MAX_PATH))
    const what = `${one} is not the key of the first certificate in ${other}`
    refuse(['server', 'tls', 'key'], `${what}; name the two that were made together`)
    return undefined
  }
  const material = { cert: cert.text, key: key.text, clientCa: ca ? ca.text : undefined }
  const reason = openSslRefusal(material)
  if (reason !== undefined)
    refuse(['server', 'tls'], `OpenSSL refuses these files (${reason}); make a new certificate and key`)
  return { ...material, expiresAt: expiryOf(leaf) }
}

function readPem<Value>(
  name: 'cert' | 'key' | 'client_ca',
  file: string,
  parse: (text: string) => Value | Refused,
  refuse: Refuse,
): { readonly text: string; readonly value: Value } | undefined {
  const path = ['server', 'tls', name]
  const text = readCredentialFile(file, name === 'key')
  if (isRefused(text)) {
    refuse(path, text.refused)
    return undefined
  }
  const value = parse(text)
  if (!isRefused(value)) return { text, value }
  refuse(path, `${printable(file, MAX_PATH)} ${value.refused}`)
  return undefined
}

/** The listener's certificate, and those that lead from it to its authority: all of them must be valid. */
function readChain(text: string, now: Date): readonly X509Certificate[] | Refused {
  const chain = readCertificates(text)
  if (isRefused(chain)) return chain
  return chain.map((one) => refusalOfDates(one, now)).find((one) => one !== undefined) ?? chain
}

/** The authorities of clients: a bundle may hold some that are out of date, but not only such. */
function readAuthorities(text: string, now: Date): readonly X509Certificate[] | Refused {
  const authorities = readCertificates(text)
  if (isRefused(authorities)) return authorities
  const refusals = authorities.map((one) => refusalOfDates(one, now))
  return refusals.includes(undefined) ? authorities : (refusals[0] ?? authorities)
}

/** What OpenSSL minds that was not looked at above, a key too short for example. */
function openSslRefusal({ cert, key, clientCa }: Omit<TlsMaterial, 'expiresAt'>): string | undefined {
  try {
    createSecureContext({ cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) })
    return undefined
  } catch (error) {
    return error instanceof Error ? printable(error.message, MAX_PATH) : 'without a reason'
  }
}

function readTokens({ clients }: Config, refuse: Refuse): readonly TokenDigest[] {
  const holders = new Map<string, string>()
  return clients.flatMap(({ name, tokenFile }) => {
    if (tokenFile === undefined) return []
    const path = ['policy', 'clients', name, 'token_file']
    const token = readToken(tokenFile)
    if (isRefused(token)) {
      refuse(path, token.refused)
      return []
    }
    const sha256 = createHash('sha256').update(token).digest('hex')
    const holder = holders.get(sha256)
    if (holder !== undefined) refuse(path, `holds the same token as that of ${holder}; make one for each`)
    holders.set(sha256, name)
    return [{ client: name, sha256 }]
  })
}

function readToken(file: string): string | Refused {
  const text = readCredentialFile(file, true)
  if (isRefused(text)) return text
  const token = text.trim()
  const name = printable(file, MAX_PATH)
  const remedy = `make one: (umask 077; openssl rand -hex 32 > ${name})`
  if (token.length < MIN_TOKEN_BYTES || token.length > MAX_TOKEN_BYTES) {
    const limits = `${MIN_TOKEN_BYTES} to ${MAX_TOKEN_BYTES}`
    return refused(`${name} holds ${token.length} bytes, and a token has ${limits}; ${remedy}`)
  }
  if (/[^\x21-\x7e]/.test(token)) {
    return refused(`${name} holds a space, or a byte that no header carries, within the token; ${remedy}`)
  }
  return token
}

/** The longest that a module is given: 255 bytes are what most take. */
const MAX_PIN_BYTES = 255

function readPins({ devices }: Config, refuse: Refuse): ReadonlyMap<string, string> {
  const pins = new Map<string, string>()
  for (const device of devices) {
    if (device.kind !== 'pkcs11' || device.pinFile === undefined) continue
    const pin = readPin(device.pinFile, ['devices', device.name, 'pin_file'], refuse)
    if (pin !== undefined) pins.set(device.name, pin)
  }
  return pins
}

function readAccountsPin({ accounts }: Config, refuse: Refuse): string | undefined {
  const file = accounts?.hsm?.pinFile
  return file === undefined ? undefined : readPin(file, ['accounts', 'hsm', 'pin_file'], refuse)
}

function readPin(file: string, path: Path, refuse: Refuse): string | undefined {
  const text = readCredentialFile(file, true)
  if (isRefused(text)) {
    refuse(path, text.refused)
    return undefined
  }
  const pin = text.replace(/\r?\n$/, '')
  if (pin !== '' && pin.length <= MAX_PIN_BYTES && !/[\r\n\0]/.test(pin)) return pin
  const what = `${printable(file, MAX_PATH)} holds no PIN`
  refuse(path, `${what}; write it in one line of at most ${MAX_PIN_BYTES} bytes`)
  return undefined
}

/** The key is hex digits, as the service before had it in its settings. */
function readClaimsKey({ ethereum }: Config, refuse: Refuse): Uint8Array | undefined {
  const file = ethereum?.claims?.auth.keyFile
  if (file === undefined) return undefined
  const path = ['ethereum', 'claims', 'auth', 'key_file']
  const text = readCredentialFile(file, true)
  if (isRefused(text)) {
    refuse(path, text.refused)
    return undefined
  }
  const name = printable(file, MAX_PATH)
  if (/^(?:[0-9a-f]{2}){16,64}$/i.test(text.trim())) return new Uint8Array(Buffer.from(text.trim(), 'hex'))
  const remedy = `make one: (umask 077; openssl rand -hex 32 > ${name})`
  refuse(path, `${name} does not hold a key of 16 to 64 bytes as hex digits; ${remedy}`)
  return undefined
}
