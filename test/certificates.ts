import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A key and a certificate, as files and as text. */
export type Identity = {
  readonly keyFile: string
  readonly certFile: string
  readonly key: string
  readonly cert: string
}

/** What a certificate says. Days count from now; negative ones are past. */
export type Wish = {
  readonly name: string
  readonly from?: number
  readonly to?: number
  readonly algorithm?: readonly string[]
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

/** Runs the openssl program. Throws what it says when it fails. */
export function openssl(...args: readonly string[]): string {
  const { status, stderr, stdout } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`)
  return stdout
}

/** A certificate authority in a folder, made with the openssl program. */
export class Authority {
  readonly identity: Identity
  readonly #folder: string
  readonly #name: string
  #made = 0

  constructor(folder: string, name = 'ca') {
    this.#folder = folder
    this.#name = name
    const { keyFile, certFile } = this.#files(name)
    const subject = ['-subj', `/CN=${name}`, '-days', '30']
    openssl('req', '-x509', ...EC, '-nodes', '-keyout', keyFile, '-out', certFile, ...subject)
    this.identity = read(keyFile, certFile)
  }

  /** A certificate for localhost and 127.0.0.1, and for `name` as its subject. */
  issue({ name, from = -1, to = 30, algorithm = EC }: Wish): Identity {
    this.#made += 1
    const { keyFile, certFile } = this.#files(`${this.#name}-${this.#made}-${name}`)
    const request = `${certFile}.csr`
    openssl('req', ...algorithm, '-nodes', '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`)
    openssl(
      ...['ca', '-batch', '-notext', '-config', this.#database(), '-in', request, '-out', certFile],
      ...['-startdate', instant(from), '-enddate', instant(to)],
    )
    return read(keyFile, certFile)
  }

  #files(name: string) {
    return { keyFile: join(this.#folder, `${name}.key`), certFile: join(this.#folder, `${name}.crt`) }
  }

  /** Only `openssl ca` makes certificates of any date. */
  #database(): string {
    const file = join(this.#folder, `${this.#name}-${this.#made}.cnf`)
    const index = `${file}.index`
    writeFileSync(index, '')
    const serial = `${file}.serial`
    writeFileSync(serial, this.#made.toString(16).padStart(4, '0'))
    const { keyFile, certFile } = this.identity
    writeFileSync(
      file,
      `[ca]
default_ca=one
[one]
database=${index}
serial=${serial}
new_certs_dir=${this.#folder}
certificate=${certFile}
private_key=${keyFile}
default_md=sha256
policy=any
x509_extensions=names
[any]
commonName=supplied
[names]
subjectAltName=DNS:localhost,IP:127.0.0.1
`,
    )
    return file
  }
}

/** The SHA-256 fingerprint of a certificate, with colons. */
export function fingerprint({ certFile }: Identity): string {
  return openssl('x509', '-in', certFile, '-noout', '-fingerprint', '-sha256').trim().split('=')[1] ?? ''
}

function read(keyFile: string, certFile: string): Identity {
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}

/** `YYMMDDHHMMSSZ`. */
function instant(days: number): string {
  const at = new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString()
  return `${at.replace(/[-T:]/g, '').slice(2, 14)}Z`
}
