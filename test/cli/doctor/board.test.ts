import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  createSimulatedTezio,
  keysFromMnemonic,
  openPseudoTerminal,
  type DeviceKeys,
} from '../../../hw-sim/index.js'
import { transcriptKeys } from '../../device/support.js'
import { BAKER, findingOf, place, temporaryFolder, TZ3 } from './support.js'

const OTHER = keysFromMnemonic(
  'mule wise online wear hair sign wife media calm arctic diet tip special quarter season swarm robust apart other whale broken pistol hunt egg',
)

/** A configuration whose port is a simulated board with these keys. */
function board(keys: DeviceKeys = transcriptKeys()) {
  const device = createSimulatedTezio({ keys })
  const port = openPseudoTerminal({ device, link: join(temporaryFolder(), 'tty') })
  onTestFinished(() => {
    port.close()
  })
  const { config } = place(`${BAKER}device: { port: ${port.path} }\n`)
  return { device, port, config }
}

test('board-answers passes with the time that a real answer took, and the port is given back', async () => {
  const { config, device } = board()
  const finding = await findingOf('board-answers', { config })
  expect(finding).toMatchObject({ status: 'pass', detail: expect.stringMatching(/in \d+\.\d ms/) as string })
  expect(await findingOf('board-answers', { config })).toMatchObject({ status: 'pass' })
  expect(device.log.map(({ name }) => name).filter((name) => name !== 'GET_PK')).toEqual([])
})

test('board-answers fails for a terminal behind which nothing answers', async () => {
  const { config, device } = board()
  device.addBehaviour({ name: 'silent', apply: () => [] })
  expect(await findingOf('board-answers', { config })).toMatchObject({
    status: 'fail',
    remedy: expect.stringContaining('reset button') as string,
  })
})

test('board-answers is skipped where there is no port', async () => {
  expect(await findingOf('board-answers', { port: '/dev/no-such-tty' })).toMatchObject({ status: 'skip' })
})

test('board-keys fails for another board and names both keys, and passes for the right one', async () => {
  const wrong = await findingOf('board-keys', { config: board(OTHER).config })
  expect(wrong).toMatchObject({ status: 'fail' })
  expect(wrong.detail).toContain(TZ3)
  expect(wrong.detail).toContain('tz3MyarJihHrejsze59J2Seita7jYWDCJDPe')
  expect(await findingOf('board-keys', { config: board().config })).toMatchObject({ status: 'pass' })
})

test('board-keys fails for another authentication key', async () => {
  const { port } = board()
  const auth = 'policy: { auth_key: { pkh: tz3MyarJihHrejsze59J2Seita7jYWDCJDPe }, signing_keys:'
  const { config } = place(
    `${BAKER.replace('policy: { signing_keys:', auth)}device: { port: ${port.path} }\n`,
  )
  expect(await findingOf('board-keys', { config })).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('key 0 of the board is') as string,
  })
})
