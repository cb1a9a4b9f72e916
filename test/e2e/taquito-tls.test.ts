import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { whyMissing } from '../debian-package.js'
import { START_MS } from './abuse/target.js'
import { ADDRESS } from './daemon.js'
import { operation } from './payloads.js'
import { TlsBench } from './tls-bench.js'

const missing = whyMissing('openssl')
const SCRIPT = fileURLToPath(new URL('taquito-signs.mjs', import.meta.url))
const UNKNOWN = 'tz3WMqdzXqRWXwyvj5Hp2H7QEepaUuS7vd9K'
const run = promisify(execFile)

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** What Taquito makes of a signer at `url`, in a process that trusts the authority of `ca`. */
async function askedByTaquito(url: string, ca?: string): Promise<unknown> {
  const hex = Buffer.from(operation()).toString('hex').slice(2)
  const args = [SCRIPT, url, ADDRESS.tz3, hex, UNKNOWN, '0a00000001ff', '00']
  const env = { ...process.env, ...(ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca }) }
  const { stdout } = await run(process.execPath, args, { env })
  return JSON.parse(stdout)
}

const WHAT_TAQUITO_SAYS = {
  signature: expect.stringMatching(/^p2sig/) as string,
  unknownKey: 'PublicKeyNotFoundError',
  forbidden: 'OperationNotAuthorized',
  malformed: 'BadSigningData',
}

test.skipIf(missing !== '')(
  'Taquito signs over TLS as it does without, and knows why where it may not',
  async () => {
    const made = new TlsBench()
    closing.push(() => made.bench.close())
    made.configure()
    const { daemon, port } = await made.started()
    expect(await askedByTaquito(`https://localhost:${port}`, made.authority.identity.certFile)).toMatchObject(
      WHAT_TAQUITO_SAYS,
    )
    await expect(askedByTaquito(`https://localhost:${port}`)).rejects.toThrow()
    daemon.kill('SIGTERM')
    await daemon.exit
    made.configure({ tls: '' })
    const plain = await made.bench.started()
    expect(await askedByTaquito(await plain.url())).toMatchObject(WHAT_TAQUITO_SAYS)
  },
  START_MS,
)
