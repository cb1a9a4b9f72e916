import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authority, type Identity } from '../../certificates.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { Cluster, SUPERUSER } from './cluster.js'
import { refusalOf, scene } from './scene.js'

const missing = whyMissing('postgresql') || whyMissing('openssl')

describe.skipIf(missing !== '')(`a server with TLS${missing && `: skipped, ${missing}`}`, () => {
  let cluster: Cluster
  let folder: string
  let right: Identity
  let wrong: Identity
  let client: Identity

  beforeAll(async () => {
    cluster = await Cluster.make()
    folder = mkdtempSync(join(tmpdir(), 'tezio-ca-'))
    const authority = new Authority(folder)
    right = authority.identity
    wrong = new Authority(folder, 'other').identity
    client = authority.issue({ name: SUPERUSER })
    const server = authority.issue({ name: 'db' })
    cluster.configure({
      ssl: 'on',
      ssl_cert_file: cluster.ownFile('server.crt', server.cert),
      ssl_key_file: cluster.ownFile('server.key', server.key),
      ssl_ca_file: cluster.ownFile('ca.crt', right.cert),
    })
    await cluster.stop('SIGINT')
    await cluster.start()
  }, INSTALL_TIMEOUT_MS)
  afterAll(async () => {
    await cluster.remove()
    rmSync(folder, { recursive: true })
  })

  /** The certificate is for localhost and 127.0.0.1. */
  const url = (mode: string, ca?: Identity, host = '127.0.0.1') => {
    const root = ca === undefined ? '' : `&sslrootcert=${ca.certFile}`
    return cluster.url(SUPERUSER, `sslmode=${mode}${root}`).replace('@127.0.0.1:', `@${host}:`)
  }
  const isEncrypted = async () => {
    const rows = await cluster.sql(
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tezio-bridge a'`,
    )
    return rows.map(({ ssl }) => ssl)
  }

  test('encrypts with a certificate that is trusted, and not with one that is not', async () => {
    const { table } = await scene(cluster)
    for (const good of [
      url('verify-full', right),
      url('verify-full', right, 'localhost'),
      url('verify-ca', right),
      url('require', right),
      url('require'),
    ]) {
      const opened = table('a', { urls: [good] })
      await opened.check()
      const encrypted = await isEncrypted()
      expect(encrypted.length).toBeGreaterThan(0)
      expect(new Set(encrypted)).toEqual(new Set([true]))
      await opened.close()
    }
    for (const bad of [
      url('verify-full', wrong),
      url('verify-ca', wrong),
      url('require', wrong),
      url('verify-full'),
      `${url('verify-full')}&sslrootcert=system`,
    ]) {
      expect(await refusalOf(() => table('a', { urls: [bad] }).check())).toMatchObject({
        code: 'marks-unavailable',
        message: expect.stringMatching(/the server's certificate is not trusted/) as string,
      })
    }
  })

  test('compares the name only where that is asked for', async () => {
    const { table } = await scene(cluster)
    // 127.0.0.2 is this host too, and not in the certificate
    const other = await Cluster.listeningOn(cluster, '127.0.0.2')
    try {
      await table('a', { urls: [url('verify-ca', right, '127.0.0.2')] }).check()
      const said = await refusalOf(() =>
        table('a', { urls: [url('verify-full', right, '127.0.0.2')] }).check(),
      )
      expect(said.message).toMatch(/certificate is not trusted.*127\.0\.0\.2/)
    } finally {
      await other()
    }
  })

  test('shows a client certificate where the server asks for one', async () => {
    const { table } = await scene(cluster)
    await cluster.requireClientCertificates(async () => {
      const files = `&sslcert=${client.certFile}&sslkey=${client.keyFile}`
      await table('a', { urls: [url('verify-full', right) + files], passfile: '/nowhere' }).check()
      const said = await refusalOf(() => table('a', { urls: [url('verify-full', right)] }).check())
      expect(said.message).toMatch(/does not let this user in; see its pg_hba\.conf/)
    })
  })

  test('a server without TLS is refused by name', async () => {
    const plain = await Cluster.make()
    try {
      const { table } = await scene(plain)
      const urls = [plain.url(SUPERUSER, 'sslmode=require')]
      const said = await refusalOf(() => table('a', { urls }).check())
      expect(said.message).toMatch(/does not support SSL/)
    } finally {
      await plain.remove()
    }
  })
})
