import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { askControl } from '../../dist/hw-sim/control/control-client.js'
import { ask, octezSign } from '../harness/clients.mjs'
import { distributionOf, rounded } from '../harness/distribution.mjs'
import { attestation } from '../harness/payload.mjs'

const NAMES = ['left', 'right']
/** The P-256 key, which bakers use. */
const ALIAS = 3
const BAKING = [0x11, 0x12, 0x13]
/** Public knowledge: the words that every example of BIP-39 begins with. */
const WORDS = `${'abandon '.repeat(11)}about`
const LOOK_EVERY_MS = 20

/** What happens to the board that signs; `strikes` asks its simulator for it. */
const FAULTS = {
  'unplugged while idle': (board) => board.control('POST', '/unplug'),
  'unplugged while signing': (board) => board.arm('unplug'),
  'does not answer (stall)': (board) => board.arm('stall'),
  'wrong signature': (board) => board.arm('wrong-signature', { how: 'other-message' }),
  'damaged reply': (board) => board.arm('wrong-crc'),
  'chip failure (0xA1)': (board) => board.arm('secure-element'),
}

/** From a fault of the board that signs to the next signature, by the other board with the same keys. */
export async function failover(stand, { isQuick }) {
  const count = isQuick ? 3 : 20
  const rows = []
  for (const latency of ['zero', 'board']) {
    const pair = await Pair.start(stand, latency)
    for (const [fault, strike] of Object.entries(FAULTS)) {
      const samples = []
      for (let turn = 0; turn < count; turn += 1) samples.push(await pair.takeOver(strike))
      rows.push(rowOf(latency, fault, samples))
    }
    await pair.stop()
  }
  return {
    title: 'Take-over',
    text:
      'Two boards with the same mnemonic, `device.timeout_ms` as it is by default (1.5 s). One client asks for one ' +
      'attestation after another, the next as soon as the last is answered. `from noticed` is from the answer that ' +
      'names the fault to the next signature, and from the unplugging where the next request is signed at once; `from ' +
      'the fault` is from the moment the plug was out, or the request went off that met the fault, to the next ' +
      'signature. `refused` are the most requests that were refused between.',
    tables: [{ title: 'From a fault to the next signature, in ms', rows }],
    targets: [],
  }
}

function rowOf(latency, fault, samples) {
  const times = (of) => distributionOf(samples.map(of)).summary()
  const [noticed, whole] = [times((one) => one.fromNoticedMs), times((one) => one.fromFaultMs)]
  return {
    ...{ latency, fault, samples: samples.length },
    'from noticed, median': noticed.p50,
    'from noticed, worst': rounded(noticed.max),
    'from the fault, median': whole.p50,
    'from the fault, worst': rounded(whole.max),
    refused: Math.max(...samples.map(({ refused }) => refused)),
  }
}

/** A daemon on two boards with one key. */
class Pair {
  #level = 0

  constructor(boards, daemon) {
    this.boards = boards
    this.daemon = daemon
  }

  static async start(stand, latency) {
    const words = stand.path('words')
    writeFileSync(words, WORDS, { mode: 0o600 })
    const boards = []
    for (const name of NAMES) boards.push(await Board.start(stand, name, words, latency))
    const key = stand.keys(boards[0].path)[ALIAS]
    const devices = Object.fromEntries(boards.map(({ name, path }) => [name, { kind: 'tezio', port: path }]))
    const daemon = await stand.daemon(boards[0], {
      config: {
        device: undefined,
        devices,
        failover: { return_after_s: 1 },
        policy: { signing_keys: { [key]: { allowed_ops: BAKING, devices: NAMES } } },
      },
    })
    return new Pair(boards, daemon)
  }

  /** One fault, noticed and put right again. */
  async takeOver(strike) {
    await this.#allReady()
    if (!(await this.#signs()).isSigned) throw new Error('two sound boards sign nothing')
    const active = await this.#signedBy()
    const board = this.boards.find(({ name }) => name === active)
    await strike(board)
    const outAt = performance.now()
    let refused = 0
    let answer = await this.#signs()
    // an armed fault strikes when the request comes; an unplugged board is out already
    const faultAt = answer.isSigned ? outAt : answer.askedAt
    let noticedAt = faultAt
    while (!answer.isSigned) {
      refused += 1
      noticedAt = answer.answeredAt
      answer = await this.#signs()
    }
    if ((await this.#signedBy()) === board.name) throw new Error(`${board.name} signed with a fault`)
    await board.heal()
    return { refused, fromNoticedMs: answer.answeredAt - noticedAt, fromFaultMs: answer.answeredAt - faultAt }
  }

  async stop() {
    await this.daemon.stop()
    for (const board of this.boards) await board.stop()
  }

  async #signs() {
    this.#level += 1
    const askedAt = performance.now()
    const isSigned = await octezSign(this.daemon, this.daemon.key, attestation(this.#level)).then(
      () => true,
      () => false,
    )
    return { isSigned, askedAt, answeredAt: performance.now() }
  }

  /** The device of the last signature; the log may be written a moment after the answer. */
  async #signedBy() {
    for (;;) {
      const line = this.daemon
        .log()
        .findLast(({ outcome, level }) => outcome === 'signed' && level === this.#level)
      if (line !== undefined) return line.device
      await wait(LOOK_EVERY_MS)
    }
  }

  async #allReady() {
    const { address } = this.daemon.events['admin.listening']
    const port = Number(new URL(`http://${address}`).port)
    for (;;) {
      const { devices } = JSON.parse(await ask(port, 'GET', '/api/status'))
      if (devices.every(({ state }) => state === 'ready')) return
      await wait(LOOK_EVERY_MS)
    }
  }
}

/** A simulated board that does as it is told. */
class Board {
  constructor(name, socket, { path, stop }) {
    Object.assign(this, { name, socket, path, stop })
  }

  static async start(stand, name, words, latency) {
    const socket = stand.path('control')
    const board = await stand.board(latency, ['--mnemonic-file', words, '--control', socket])
    return new Board(name, socket, board)
  }

  control(method, path, body) {
    return askControl(this.socket, method, `/devices/tezio${path}`, body)
  }

  arm(name, parameters = {}) {
    return this.control('POST', '/faults', { name, parameters })
  }

  /** What was armed is put right, and a plug that is out is put back. */
  async heal() {
    await this.control('DELETE', '/faults')
    const { devices } = await askControl(this.socket, 'GET', '/status')
    if (!devices[0].isPlugged) await this.control('POST', '/replug')
  }
}
