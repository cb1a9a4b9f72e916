import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EXIT } from '../../hw-sim/cli/exit.js'
import {
  encodeCommand,
  ETH_ALIAS,
  ETH_FORM,
  getInfo,
  joinBody,
  signEth,
} from '../../src/device/tezio/index.js'
import { hex } from './bench.js'
import { ETH_SECRETS, POLICY_TEXT } from './eth-bench.js'
import { closePort, exchange, openPort, runCommand, whileRunning } from './tezio-sim-support.js'

const MESSAGE = new TextEncoder().encode('\u0019Ethereum Signed Message:\n9Some data')
const OTHER = new TextEncoder().encode('\u0019Ethereum Signed Message:\n9Any datas')
const COMMANDS = [
  getInfo.encode(undefined),
  signEth.encode({ form: 'eip191', data: MESSAGE }),
  signEth.encode({ form: 'eip191', data: OTHER }),
  joinBody({ opcode: 0x31, param1: ETH_ALIAS, param2: ETH_FORM.legacy, param3: 0, data: hex('c0') }),
  signEth.encode({ form: 'eip1559', data: hex('02c0') }),
].map(encodeCommand)

let folder: string
let files: { readonly keys: string; readonly policy: string; readonly record: string }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tezio-eth-'))
  const at = (name: string) => join(folder, name)
  files = { keys: at('keys.json'), policy: at('policy.json'), record: at('record.json') }
  writeFileSync(files.keys, JSON.stringify(ETH_SECRETS))
  writeFileSync(files.policy, POLICY_TEXT)
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('tezio-sim --profile eth', () => {
  const device = () => ['--profile', 'eth', '--keys', files.keys, '--eth-policy', files.policy]

  it('tells what is asked for Ethereum, and records it so that it replays', async () => {
    const argv = [...device(), '--trace', '--record', files.record, '--record-keys']
    const { code, out, err } = await whileRunning(argv, async ([path = '']) => {
      const port = await openPort(path)
      for (const command of COMMANDS) await exchange(port, command)
      await closePort(port)
    })
    expect([code, out[0]]).toEqual([0, 'SIMULATED Tezio HSM, profile eth, latency zero'])
    expect(err.filter((line) => line.startsWith('#')).map((line) => line.replace(/, \d+ us$/, ''))).toEqual([
      '#1 in GET_INFO -> out 8 B',
      '#2 in SIGN_ETH secp256k1 eip191 36 B -> out 64 B',
      '#3 in SIGN_ETH secp256k1 eip191 36 B -> out refused eth-prefix-not-provisioned (0xc3)',
      '#4 in SIGN_ETH secp256k1 legacy 1 B -> out refused eth-transaction-malformed (0xc4)',
      '#5 in SIGN_ETH secp256k1 eip1559 2 B -> out refused eth-transaction-malformed (0xc4)',
    ])
    const replayed = ['replay', files.record, '--simulate', '--profile']
    const same = await runCommand(...replayed, 'eth', '--eth-policy', files.policy)
    expect([same.code, same.out.at(-1)]).toEqual([0, '5 of 5 exchanges as recorded, 0 different'])
    const blank = await runCommand(...replayed, 'eth')
    expect([blank.code, blank.out.at(-1)]).toEqual([1, '0 of 5 exchanges as recorded, 5 different'])
    const stock = await runCommand(...replayed, 'stock', '--eth-policy', files.policy)
    expect([stock.code, stock.err.join()]).toEqual([EXIT.usage, expect.stringContaining('needs profile eth')])
  })

  it('refuses a policy that is none, naming the file', async () => {
    writeFileSync(files.policy, JSON.stringify({ ...(JSON.parse(POLICY_TEXT) as object), max_wei: 1 }))
    const { code, err } = await runCommand(...device())
    expect([code, err.at(-1)]).toEqual([
      EXIT.config,
      `error: ${files.policy}: not an Ethereum policy: max_wei: expected a decimal number as a string`,
    ])
  })

  it('refuses a policy that is not there', async () => {
    rmSync(files.policy)
    const { code, err } = await runCommand(...device())
    expect([code, err.at(-1)]).toEqual([EXIT.io, expect.stringContaining(files.policy)])
  })

  it('answers at the speed of a board as its secp256k1 key does', async () => {
    const argv = [...device(), '--latency', 'board', '--trace']
    const { err } = await whileRunning(argv, async ([path = '']) => {
      const port = await openPort(path)
      for (const command of COMMANDS.slice(0, 2)) await exchange(port, command)
      await closePort(port)
    })
    const micros = err.flatMap((line) => /^#.* (\d+) us$/.exec(line)?.[1] ?? []).map(Number)
    expect(micros[0]).toBeLessThan(100_000)
    expect(micros[1]).toBeGreaterThanOrEqual(550_000)
  })
})
