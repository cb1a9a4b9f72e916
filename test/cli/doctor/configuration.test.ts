import { chmodSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BAKER, findingOf, place } from './support.js'

const RPC_WITH_TOKEN = `${BAKER}head_check: { rpc: "http://127.0.0.1:8732/token" }\n`

describe('config-loads', () => {
  test('fails with the words of the loader, and passes when the file is mended', async () => {
    const { config } = place(`${BAKER}polcy: {}\n`)
    const finding = await findingOf('config-loads', { config })
    expect(finding).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/config.yaml:2: polcy: .*policy/) as string,
    })
    expect(await findingOf('config-loads', { config: place().config })).toMatchObject({ status: 'pass' })
  })

  test('fails for a named file that is not there, and only warns where none was named', async () => {
    expect(await findingOf('config-loads', { config: '/no/such.yaml', isConfigNamed: true })).toMatchObject({
      status: 'fail',
    })
    expect(await findingOf('config-loads', { config: '/no/such.yaml', isConfigNamed: false })).toMatchObject({
      status: 'warn',
    })
  })
})

test('config-warnings warns of what the start warns of', async () => {
  const open = place(`security: { remote_ip_check: false }\n${BAKER}`)
  expect(await findingOf('config-warnings', { config: open.config })).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('any peer may ask') as string,
  })
  expect(await findingOf('config-warnings', { config: place().config })).toMatchObject({ status: 'pass' })
})

describe('config-permissions', () => {
  test.each([
    [0o666, BAKER, 'fail'],
    [0o660, BAKER, 'warn'],
    [0o644, RPC_WITH_TOKEN, 'warn'],
    [0o644, BAKER, 'pass'],
    [0o640, RPC_WITH_TOKEN, 'pass'],
  ])('mode %o of a real file', async (mode, text, status) => {
    const { config } = place(text)
    chmodSync(config, mode)
    expect(await findingOf('config-permissions', { config })).toMatchObject({ status })
  })
})
