import { afterEach, describe, expect, it } from 'vitest'
import { publicKeyHash } from '../../../src/tezos/index.js'
import { failureOf, isAlive, LABEL, Opened, PAYLOAD, PIN, workerPid, workerPids } from './rig.js'
import { asTokenKey, whyNoTokens } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

describe.skipIf(missing !== '')('a PKCS#11 token that is lost', () => {
  const ready = async () => {
    const scene = await opened.ready({ timeoutMs: 700 })
    return { ...scene, key: publicKeyHash(scene.keys[1]!.publicKey) }
  }

  it('is found again when it was taken away and put back, with its keys known meanwhile', async () => {
    const { tokens, device, log, key } = await ready()
    const away = log.next('device.open-failed')
    tokens.takeAway()
    expect(await failureOf(device.sign(key, PAYLOAD))).toMatchObject({ code: 'device-lost' })
    await away
    expect(log.events.at(-1)).toMatchObject({ event: 'device.open-failed', code: 'token-not-found' })
    expect(log.count('device.lost')).toBe(1)
    expect(await failureOf(device.sign(key, PAYLOAD))).toMatchObject({
      code: 'device-unavailable',
      sent: false,
    })
    expect(device.publicKeys().size).toBe(3)
    const back = log.next('device.ready')
    tokens.putBack()
    await back
    expect(await device.sign(key, PAYLOAD)).toHaveLength(64)
    expect(device.health()).toMatchObject({ state: 'ready', timesReady: 2, lastError: undefined })
  })

  it('fails a signature by a key that was deleted, and says which one is missing', async () => {
    const { tokens, device, log, key, keys } = await ready()
    tokens.deleteObject(LABEL, PIN, 'privkey', keys[1]!.id)
    const failed = log.next('device.open-failed')
    expect(await failureOf(device.sign(key, PAYLOAD))).toMatchObject({ code: 'device-lost' })
    await failed
    expect(device.health().lastError).toMatchObject({ code: 'token-key-missing' })
    expect(device.health().lastError?.message).toContain(key)
  })

  it('because its process was killed is opened again', async () => {
    const { device, log, key } = await ready()
    const [lost, back] = [log.next('device.lost'), log.next('device.ready')]
    process.kill(workerPid(), 'SIGKILL')
    await lost
    expect(await failureOf(device.ready(2000))).toMatchObject({ code: 'device-unavailable', sent: false })
    expect(device.health().lastError?.message).toContain('SIGKILL')
    await back
    expect(await device.sign(key, PAYLOAD)).toHaveLength(64)
  })

  it('fails the signature in the middle of which its process was killed, and makes no second attempt', async () => {
    const { device, log, key } = await ready()
    const pid = workerPid()
    process.kill(pid, 'SIGSTOP')
    const signing = failureOf(device.sign(key, PAYLOAD))
    const back = log.next('device.ready')
    process.kill(pid, 'SIGKILL')
    expect(await signing).toMatchObject({ code: 'device-lost', sent: true })
    await back
    expect(log.count('device.command-finished')).toBe(1)
  })

  it('because it hangs fails by name in time, and its process is ended and started anew', async () => {
    const { device, log, key } = await ready()
    const pid = workerPid()
    process.kill(pid, 'SIGSTOP')
    const [lost, back] = [log.next('device.lost'), log.next('device.ready')]
    expect(await failureOf(device.sign(key, PAYLOAD))).toMatchObject({
      ...{ code: 'device-timeout', sent: true },
      message: expect.stringContaining('700 ms') as string,
    })
    await Promise.all([lost, back])
    expect(isAlive(pid)).toBe(false)
    expect(await device.sign(key, PAYLOAD)).toHaveLength(64)
    expect(log.events.filter(({ event }) => event === 'device.command-finished')).toMatchObject([
      { outcome: 'device-timeout' },
      { outcome: 'answered' },
    ])
  })

  it('because it was closed in the middle of a signature leaves nothing behind', async () => {
    const { device, log, key } = await ready()
    process.kill(workerPid(), 'SIGSTOP')
    const signing = failureOf(device.sign(key, PAYLOAD))
    await device.close()
    expect(await signing).toMatchObject({ code: 'device-lost', sent: true })
    expect(workerPids()).toEqual([])
    expect(device.health().state).toBe('closed')
    expect(log.count('device.lost')).toBe(0)
    expect(await failureOf(device.ready(1000))).toMatchObject({ code: 'device-unavailable' })
  })

  it('because it was closed was given back by its module first', async () => {
    const { tokens, keys } = opened.scene()
    const { module, count } = tokens.spy()
    const { device } = opened.device({ keys: keys.map(asTokenKey), module })
    await device.firstContact(10_000)
    await device.close()
    await device.close()
    expect(workerPids()).toEqual([])
    expect(count('C_Finalize')).toBe(1)
  })

  it('does not end with the signals that a terminal or systemd sends to every process of the daemon', async () => {
    const { device, log, key } = await ready()
    const pid = workerPid()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal)
    expect(await device.sign(key, PAYLOAD)).toHaveLength(64)
    expect(workerPid()).toBe(pid)
    expect(log.count('device.lost')).toBe(0)
  })
})
