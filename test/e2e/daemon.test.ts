import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { RemoteSigner } from '@taquito/remote-signer'
import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom, type Behaviour } from '../../hw-sim/index.js'
import { encodeFrame } from '../../src/device/tezio/index.js'
import {
  concatBytes,
  decodePublicKey,
  decodeSignature,
  encodeSignature,
  fromHex,
  payloadDigest,
  publicKeyHashBytes,
  verifySignature,
  type PublicKeyHash,
} from '../../src/tezos/index.js'
import { transcriptKeys } from '../device/support.js'
import { block as blockPayload, vote } from '../tezos/build-payload.js'
import { ADDRESS, BAKING_CONFIG, Bench, cli, sign, tezioSignerConfig } from './daemon.js'

const keys = transcriptKeys()
const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

function bench(...options: ConstructorParameters<typeof Bench>): Bench {
  const made = new Bench(...options)
  benches.push(made)
  return made
}

/** A bench whose state directory is seeded, and its daemon. */
async function baking(...options: ConstructorParameters<typeof Bench>) {
  const made = bench(...options)
  expect(await made.init()).toMatchObject({ code: 0, stderr: '' })
  const daemon = await made.started()
  return { made, daemon, url: await daemon.url() }
}

const block = (level: number, round = 0) =>
  blockPayload({
    level,
    round,
    payloadRound: 0,
    seedNonce: concatBytes(Uint8Array.of(0xff), randomBytes(32)),
  })
const attestation = (level: number, round = 0) => vote({ tag: 0x15, level, round, slot: randomBytes(2) })
const operation = () => concatBytes(fromHex('03')!, randomBytes(32), fromHex('01')!, randomBytes(4 + 32))

/** Delays or drops the reply to every SIGN. */
const toSign = (apply: Behaviour['apply']): Behaviour => ({
  name: 'to-sign',
  apply: (actions, context) => (context.exchange.name === 'SIGN' ? apply(actions, context) : actions),
})

/** Resolves when the next bytes reach the board. */
function nextCommand({ simulated }: Bench): Promise<void> {
  return new Promise((resolve) => {
    const stop = simulated.onBytes((direction) => {
      if (direction !== 'in') return
      stop()
      resolve()
    })
  })
}

describe('Taquito', () => {
  it('signs operations with tz1, tz2 and tz3 and accepts each signature', async () => {
    const { url } = await baking()
    for (const [key, prefix] of [
      [ADDRESS.tz1, 'edsig'],
      [ADDRESS.tz2, 'spsig'],
      [ADDRESS.tz3, 'p2sig'],
    ] as const) {
      const signer = new RemoteSigner(key, url)
      expect(await signer.publicKeyHash()).toBe(key)
      const bytes = Buffer.from(operation()).toString('hex').slice(2)
      const signed = await signer.sign(bytes, Uint8Array.of(3))
      expect(signed.prefixSig.startsWith(prefix)).toBe(true)
      const publicKey = decodePublicKey(await signer.publicKey())!
      const signature = decodeSignature(publicKey.curve, signed.prefixSig)!
      expect(verifySignature(publicKey, payloadDigest(fromHex(`03${bytes}`)!), signature)).toBe(true)
    }
  })
})

describe('marks and crashes', () => {
  it('F1 F2 keeps every mark through kill -9: a conflict is 409, a repeat gets its signature without the device', async () => {
    const { made, daemon, url } = await baking()
    const payloads = [block(5000, 1), attestation(5000, 1)]
    const first = await Promise.all(payloads.map((payload) => sign(url, ADDRESS.tz3, payload)))
    expect(first.map(({ status }) => status)).toEqual([200, 200])
    daemon.kill('SIGKILL')
    await daemon.exit
    made.simulated.reboot()

    const again = await made.started()
    const newUrl = await again.url()
    const bytesBefore = made.simulated.counters.bytesIn
    expect(await sign(newUrl, ADDRESS.tz3, block(5000, 1))).toMatchObject({
      status: 409,
      code: 'conflicts-with-mark',
    })
    expect(await sign(newUrl, ADDRESS.tz3, attestation(5000, 0))).toMatchObject({
      status: 409,
      code: 'below-mark',
    })
    expect(await sign(newUrl, ADDRESS.tz3, block(4999, 9))).toMatchObject({ status: 409, code: 'below-mark' })
    for (const [index, payload] of payloads.entries()) {
      expect(await sign(newUrl, ADDRESS.tz3, payload)).toEqual(first[index])
    }
    expect(made.simulated.counters.bytesIn).toBe(bytesBefore)
    expect(await sign(newUrl, ADDRESS.tz3, block(5001))).toMatchObject({ status: 200 })
  })

  it('F2 says that a signature was lost with the reply, until the board restarted', async () => {
    const { made, daemon, url } = await baking(`device: { timeout_ms: 300 }\n${BAKING_CONFIG}`)
    const payload = block(7000)
    const remove = made.simulated.addBehaviour(toSign(() => []))
    expect(await sign(url, ADDRESS.tz3, payload)).toMatchObject({ status: 500, code: 'device-timeout' })
    remove()
    await daemon.line('device.resynced')
    expect(await sign(url, ADDRESS.tz3, payload)).toMatchObject({ status: 409, code: 'signature-lost' })
    expect(await sign(url, ADDRESS.tz3, block(7000))).toMatchObject({
      status: 409,
      code: 'conflicts-with-mark',
    })
    made.simulated.reboot()
    expect(await sign(url, ADDRESS.tz3, payload)).toMatchObject({ status: 200 })
  })

  it('F24 refuses an old level on a board that has forgotten its marks', async () => {
    const { made, url } = await baking()
    expect((await sign(url, ADDRESS.tz3, block(9000))).status).toBe(200)
    made.simulated.reboot()
    expect(await sign(url, ADDRESS.tz3, block(8999))).toMatchObject({ status: 409, code: 'below-mark' })
    expect(made.signCommands).toBe(1)
  })

  it('F10 signs one of fifty payloads for a level and round, and F11 one signature for fifty equal ones', async () => {
    const { made, url } = await baking()
    const conflicting = await Promise.all(
      Array.from({ length: 50 }, () => sign(url, ADDRESS.tz3, block(100))),
    )
    expect(conflicting.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(conflicting.filter(({ status }) => status === 409)).toHaveLength(49)
    expect(made.signCommands).toBe(1)
    const payload = attestation(100)
    const equal = await Promise.all(Array.from({ length: 50 }, () => sign(url, ADDRESS.tz3, payload)))
    expect(new Set(equal.map(({ signature }) => signature)).size).toBe(1)
    expect(equal.every(({ status }) => status === 200)).toBe(true)
    expect(made.signCommands).toBe(2)
  })

  it('F7 refuses to serve without a state directory and names the command to run', async () => {
    const made = bench()
    const daemon = made.start()
    expect(await daemon.exit).toBe(78)
    expect(daemon.stderr).toMatch(/tezio-bridge init/)
  })

  it('F9 leaves the state to its owner, and is the owner at once after kill -9', async () => {
    const { made, daemon } = await baking()
    const second = made.start()
    expect(await second.exit).toBe(78)
    expect(second.stderr).toContain(`process ${daemon.pid}`)
    expect((await sign(await daemon.url(), ADDRESS.tz3, block(1))).status).toBe(200)
    daemon.kill('SIGKILL')
    await daemon.exit
    await made.started()
  })
})

describe('a second daemon', () => {
  it('F9 on the same listening port ends at once and names the address, and the first is undisturbed', async () => {
    const { daemon, url } = await baking()
    const address = new URL(url).host
    const other = bench(
      BAKING_CONFIG.replace('server: { listen: "127.0.0.1:0" }', `server: { listen: "${address}" }`),
    )
    expect((await other.init()).code).toBe(0)
    const second = other.start()
    expect(await second.exit).toBe(74)
    expect(second.stderr).toContain(address)
    expect((await sign(url, ADDRESS.tz3, block(1))).status).toBe(200)
    expect(other.signCommands).toBe(0)
    daemon.kill('SIGKILL')
    await daemon.exit
    const third = await other.started()
    expect(await third.url()).toBe(url)
    expect((await sign(url, ADDRESS.tz3, block(1))).status).toBe(200)
  })

  it('F9 on the same board signs nothing while the first holds it, and the first is undisturbed', async () => {
    const { made, daemon, url } = await baking()
    const other = bench()
    expect((await other.init()).code).toBe(0)
    const second = other.start('--port', made.port.path)
    expect(await second.line('device.open-failed')).toMatchObject({ code: 'port-busy' })
    expect(await sign(await second.url(), ADDRESS.tz3, block(1))).toMatchObject({
      ...{ status: 500, code: 'device-unavailable' },
    })
    expect((await sign(url, ADDRESS.tz3, block(1))).status).toBe(200)
    expect(made.signCommands).toBe(1)
    daemon.kill('SIGKILL')
    await daemon.exit
    await second.line('device.ready')
  })
})

describe('the Tezio Signer’s configuration', () => {
  const authenticated = (key: PublicKeyHash, payload: Uint8Array) => {
    const message = concatBytes(Uint8Array.of(0x04, 0x01), publicKeyHashBytes(key), payload)
    return encodeSignature('p256', keys.auth.sign(payloadDigest(message), systemRandom))
  }

  it('starts the bridge unchanged; signed requests pass and others are 401', async () => {
    const { made, url } = await baking(tezioSignerConfig())
    const authorized: unknown = await (await fetch(`${url}/authorized_keys`)).json()
    expect(authorized).toEqual({ authorized_keys: ['tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ'] })
    for (const key of Object.values(ADDRESS) as PublicKeyHash[]) {
      const payload = operation()
      const before = made.signCommands
      expect(await sign(url, key, payload)).toMatchObject({ status: 401, code: 'authentication-missing' })
      const foreign = authenticated(key, operation())
      expect(await sign(url, key, payload, foreign)).toMatchObject({
        status: 401,
        code: 'authentication-invalid',
      })
      expect(await sign(url, key, payload, 'p2sigJunk')).toMatchObject({ status: 401 })
      expect(made.signCommands).toBe(before)
      expect(await sign(url, key, payload, authenticated(key, payload))).toMatchObject({ status: 200 })
    }
  })
})

describe('the device behind the daemon', () => {
  it('F15 F29 answers at once while it is unplugged, marks nothing, and signs again after the replug', async () => {
    const { made, daemon, url } = await baking()
    const lost = daemon.line('device.lost')
    made.port.unplug()
    await lost
    const ready = await fetch(`${await daemon.adminUrl()}/readyz`)
    expect(ready.status).toBe(503)
    expect(await sign(url, ADDRESS.tz3, block(50))).toMatchObject({ status: 500, code: 'device-unavailable' })
    const from = daemon.lines.length
    made.port.replug()
    await daemon.line('device.ready', from)
    expect(made.signCommands).toBe(0)
    expect((await sign(url, ADDRESS.tz3, block(50))).status).toBe(200)
    const again = await fetch(`${await daemon.adminUrl()}/readyz`)
    expect([again.status, await again.json()]).toEqual([
      200,
      {
        ready: true,
        reasons: [],
        warnings: ['simulated-device', 'device-reconnects'].map(
          (code) => expect.objectContaining({ code }) as unknown,
        ),
      },
    ])
    expect(await daemon.line('device.opened')).toMatchObject({ severity: 'warn', simulated: true })
  })

  it('F21 never releases a signature that is not one', async () => {
    const { made, url } = await baking()
    made.simulated.addBehaviour(
      toSign((actions, { exchange }) => {
        const body = exchange.reply.slice(2, -2)
        body[10] = body[10]! ^ 1
        return actions.map((action) => ({ ...action, bytes: encodeFrame(body) }))
      }),
    )
    expect(await sign(url, ADDRESS.tz3, block(60))).toMatchObject({ status: 500, code: 'signature-invalid' })
    expect(await sign(url, ADDRESS.tz1, operation())).toMatchObject({
      status: 500,
      code: 'signature-invalid',
    })
  })

  /** A daemon with a signature in hand that the board never answers. */
  async function stalled() {
    const { made, daemon, url } = await baking(`device: { timeout_ms: 10000 }\n${BAKING_CONFIG}`)
    made.simulated.addBehaviour(toSign(() => []))
    const sent = nextCommand(made)
    const answer = sign(url, ADDRESS.tz3, block(80)).catch(() => undefined)
    await sent
    daemon.kill('SIGTERM')
    await daemon.line('server.stopping')
    return { made, daemon, answer }
  }

  it('F14 ends within five seconds on SIGTERM although the board never answers, exit 0 and the mark kept', async () => {
    const { made, daemon, answer } = await stalled()
    const startedAt = performance.now()
    expect(await daemon.exit).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(5500)
    await answer
    const again = await made.started()
    expect(await sign(await again.url(), ADDRESS.tz3, block(80))).toMatchObject({ status: 409 })
  })

  it('F14 ends at once on a second signal', async () => {
    const { made, daemon, answer } = await stalled()
    const startedAt = performance.now()
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(1000)
    await answer
    const again = await made.started() // the state is valid, and the mark in it
    expect(await sign(await again.url(), ADDRESS.tz3, block(80))).toMatchObject({ status: 409 })
  })

  it('F14 finishes the signature in hand on SIGTERM, then exits 0', async () => {
    const { made, daemon, url } = await baking()
    made.simulated.addBehaviour(toSign((actions) => actions.map((action) => ({ ...action, afterMs: 300 }))))
    const sent = nextCommand(made)
    const answer = sign(url, ADDRESS.tz3, block(70))
    await sent
    daemon.kill('SIGTERM')
    await daemon.line('server.stopping')
    await expect(sign(url, ADDRESS.tz3, block(71))).rejects.toThrow() // no new requests
    expect((await answer).status).toBe(200)
    expect(await daemon.exit).toBe(0)
    const again = await made.started()
    expect(await sign(await again.url(), ADDRESS.tz3, block(70))).toMatchObject({ status: 409 })
  })
})

describe('the command line', () => {
  it('ends with 64 for a wrong call and 78 for a wrong configuration, and says which line', async () => {
    expect((await cli('sever')).code).toBe(64)
    expect((await cli('serve', '--prot', 'x')).code).toBe(64)
    const made = bench('server: { listen: "127.0.0.1:70000" }\npolicy: { signing_keys: {} }\n')
    const refused = await cli('init', ...made.options)
    expect(refused.code).toBe(78)
    expect(refused.stderr).toMatch(/config\.yaml:1: .*70000/)
    expect(await cli('--version')).toMatchObject({ code: 0 })
    expect((await cli('--config', 'none.yaml', 'serve')).stderr).toBe(
      (await cli('serve', '--config', 'none.yaml')).stderr,
    )
  })

  it('ends with 74 when another program has the listening port, and leaves the state in order', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const made = bench(
      BAKING_CONFIG.replace('server: { listen: "127.0.0.1:0" }', `server: { listen: "127.0.0.1:${port}" }`),
    )
    expect((await made.init()).code).toBe(0)
    const daemon = made.start()
    expect(await daemon.exit).toBe(74)
    expect(daemon.stderr).toContain(`${port}`)
    server.close()
    await made.started()
  })

  it('init seeds once, and marks shows, raises and never lowers, with the daemon and without', async () => {
    const made = bench()
    expect((await made.init()).code).toBe(0)
    expect(await made.init()).toMatchObject({ code: 78 })
    expect(statSync(made.stateDir).mode & 0o777).toBe(0o700)
    expect(statSync(join(made.stateDir, 'marks.journal')).mode & 0o777).toBe(0o600)

    const raise = (level: string) =>
      cli('marks', 'raise', ...made.options, '--level', level, '--kind', 'block', '--json')
    expect((await raise('100')).code).toBe(0)
    const daemon = await made.started()
    expect((await raise('200')).code).toBe(0)
    expect(await raise('150')).toMatchObject({ code: 78 })
    expect(await cli('marks', 'seed', ...made.options, '--level', '1')).toMatchObject({ code: 78 })
    expect(await sign(await daemon.url(), ADDRESS.tz3, block(200))).toMatchObject({ status: 409 })
    expect(await sign(await daemon.url(), ADDRESS.tz3, block(201))).toMatchObject({ status: 200 })
    const { marks } = JSON.parse((await cli('marks', 'show', ...made.options, '--json')).stdout) as {
      marks: { kind: string; level: number }[]
    }
    expect(marks.map(({ kind, level }) => [kind, level])).toEqual([
      ['block', 201],
      ['preattestation', 0],
      ['attestation', 0],
    ])
    expect(readFileSync(join(made.stateDir, 'marks.journal'), 'utf8')).not.toContain('secret')
  })

  it('serves without a control socket where its path is too long for one', async () => {
    const made = bench()
    const deep = join(made.folder, 'x'.repeat(100))
    expect((await cli('init', '--config', made.config, '--state-dir', deep)).code).toBe(0)
    const daemon = made.start('--state-dir', deep)
    await daemon.line('control.not-listening')
    await daemon.line('device.ready')
    expect((await sign(await daemon.url(), ADDRESS.tz3, block(5))).status).toBe(200)
    const { stdout } = await cli('marks', 'show', '--config', made.config, '--state-dir', deep)
    expect(stdout).toMatch(/block +5 /)
  })

  it('keys shows the board’s keys: from the board, and from the daemon that holds it', async () => {
    const made = bench()
    const addressesOf = async (...args: string[]) => {
      const { code, stdout } = await cli('keys', '--json', ...args)
      expect(code).toBe(0)
      return (JSON.parse(stdout) as { keys: { address: string }[] }).keys.map(({ address }) => address)
    }
    expect((await cli('keys', '--port', join(made.folder, 'nothing'))).code).toBe(69)
    const all = ['tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ', ...Object.values(ADDRESS)]
    expect(await addressesOf('--config', join(made.folder, 'none.yaml'), '--port', made.port.path)).toEqual(
      all,
    )
    await made.init()
    await made.started()
    expect(await addressesOf(...made.options)).toEqual(all)
  })
})
