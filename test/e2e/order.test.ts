import fs, { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createSimulatedBinding, createSimulatedTezio } from '../../hw-sim/index.js'
import { signingDevice } from '../../src/cli/signing-device.js'
import { monotonicClock } from '../../src/clock.js'
import { TezioDevice, type LinkBinding } from '../../src/device/index.js'
import {
  GuardedSigner,
  MarksJournal,
  systemFiles,
  UNKNOWN_CALLER,
  type StateFiles,
} from '../../src/policy/index.js'
import { parseChainId, publicKeyHash } from '../../src/tezos/index.js'
import { transcriptKeys } from '../device/support.js'
import { onlyDevice } from '../policy/fixture.js'
import { vote } from '../tezos/build-payload.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const keys = transcriptKeys()
const key = publicKeyHash(keys.p256.publicKey)
const chain = parseChainId('mainnet')!
const SIGN_OPCODE = 0x21

/** Notes every write and sync of the journal, as it is done. */
function recordingFiles(trace: string[]): StateFiles {
  const files = {
    ...systemFiles,
    writeSync: (fd: number, data: Uint8Array, offset?: number, length?: number) => {
      const text = Buffer.from(data).toString()
      trace.push(`journal write ${/"type":"(\w+)"/.exec(text)?.[1] ?? 'segment'}`)
      return fs.writeSync(fd, data, offset, length)
    },
    fdatasyncSync: (fd: number) => {
      fs.fdatasyncSync(fd)
      trace.push('journal synced')
    },
  }
  return files as StateFiles
}

/** Notes every command at the moment its bytes go to the port. */
function recordingBinding(binding: LinkBinding, trace: string[]): LinkBinding {
  return {
    list: () => binding.list(),
    open: async (options) => {
      const port = await binding.open(options)
      const write = port.write.bind(port)
      port.write = (bytes) => {
        trace.push(bytes[3] === SIGN_OPCODE ? 'port write SIGN' : 'port write')
        return write(bytes)
      }
      return port
    },
  }
}

describe('the order of a signature', () => {
  it('F46 syncs the raised mark before the first byte goes to the port, and stores the signature after it', async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'tezio-order-')), 'state')
    folders.push(directory)
    const seed = { chain, key, kind: 'attestation', level: 0, round: 0 } as const
    const trace: string[] = []
    MarksJournal.create({ directory, maxLevelGap: 'off' }, [seed])
    const store = MarksJournal.open({ directory, maxLevelGap: 'off', files: recordingFiles(trace) })
    const path = '/dev/ttyACM0'
    const binding = recordingBinding(createSimulatedBinding(createSimulatedTezio({ keys }), path), trace)
    const device = new TezioDevice({
      port: path,
      timeoutMs: 1000,
      pins: [{ alias: 3, publicKeyHash: key }],
      binding,
    })
    device.open()
    await device.firstContact(2000)
    const rules = { publicKeyHash: key, allowedMagicBytes: [0x13], allow: undefined, chains: [chain] }
    const signer = new GuardedSigner({
      keys: [{ ...rules, requiresAuthentication: false }],
      store,
      devices: onlyDevice(signingDevice('board', device, new Map([[key, 3]]))),
      clock: monotonicClock,
      publicKeyOf: () => keys.p256.publicKey,
      authentication: { keys: [] },
      queueCapacity: 10,
      onEvent: () => undefined,
    })
    for (const level of [1, 2, 3]) {
      trace.length = 0
      const payload = vote({ tag: 0x15, level })
      const request = {
        requestId: 'r1',
        publicKeyHash: key,
        payload,
        authentication: undefined,
        caller: UNKNOWN_CALLER,
        signal: undefined,
      }
      const result = await signer.sign({ ...request, deadlineAt: monotonicClock.now() + 5000 })
      expect(result.outcome).toBe('signed')
      expect(trace).toEqual([
        'journal write mark',
        'journal synced',
        'port write SIGN',
        'journal write signature',
      ])
    }
    await device.close()
    store.close()
  })
})
