import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Authority, type Wish } from '../../certificates.js'
import { whyMissing } from '../../debian-package.js'
import { BAKER, findingOf, place } from './support.js'

const missing = whyMissing('openssl')
const TLS = 'server: { tls: { cert: server.crt, key: server.key } }\n'

/** A configuration with a certificate beside it. */
function withCertificate(wish: Partial<Wish>) {
  const { config } = place(`${BAKER}${TLS}`)
  const folder = dirname(config)
  const { cert, key } = new Authority(folder).issue({ name: 'signer', ...wish })
  writeFileSync(join(folder, 'server.crt'), cert)
  writeFileSync(join(folder, 'server.key'), key, { mode: 0o600 })
  return { config, folder }
}

describe.skipIf(missing !== '')('tls-certificate', () => {
  test('passes, warns and fails as the certificate’s end comes nearer', async () => {
    const finding = async (to: number) =>
      findingOf('tls-certificate', { config: withCertificate({ from: -3, to }).config })
    expect(await finding(15)).toMatchObject({
      status: 'pass',
      detail: expect.stringMatching(/^valid until 20/) as string,
    })
    expect(await finding(13.5)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('expires in 13 days') as string,
    })
    expect(await finding(0.5)).toMatchObject({ detail: expect.stringContaining('within a day') as string })
    expect(await finding(-1)).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/^server\.tls\.cert: .*has expired on/) as string,
    })
  })

  test('fails for a key that anybody may read, while the rest of the configuration is looked at', async () => {
    const { config, folder } = withCertificate({})
    chmodSync(join(folder, 'server.key'), 0o644)
    expect(await findingOf('tls-certificate', { config })).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('anybody on this machine may read the secret') as string,
    })
    for (const id of ['config-loads', 'client-tokens']) {
      expect(await findingOf(id, { config })).toMatchObject({ status: 'pass' })
    }
  })
})

test('without server.tls there is no certificate to look at', async () => {
  expect(await findingOf('tls-certificate', { config: place().config })).toMatchObject({
    status: 'pass',
    detail: 'server.tls is not set: the signer speaks plain HTTP',
  })
})

test('client-tokens names whose token is there, and fails for one that is not', async () => {
  const { config } = place(BAKER.replace(' } }\n', ' }, clients: { script: { token_file: token } } }\n'))
  const file = join(dirname(config), 'token')
  writeFileSync(file, 'correct-horse-battery-staple', { mode: 0o600 })
  expect(await findingOf('client-tokens', { config })).toMatchObject({ status: 'pass', detail: 'script' })
  rmSync(file)
  expect(await findingOf('client-tokens', { config })).toMatchObject({
    status: 'fail',
    detail: expect.stringMatching(/^policy\.clients\.script\.token_file: cannot be read \(ENOENT/) as string,
  })
  expect(await findingOf('client-tokens', { config: place().config })).toMatchObject({
    detail: 'no client has a token',
  })
})
