import { computeAddress } from 'ethers'
import { describe, expect, it } from 'vitest'
import { encodeCommand, STATUS_BYTES } from '../../src/device/tezio/index.js'
import { verifySignature } from '../../src/tezos/index.js'
import { bench, bodyOf, hex } from './bench.js'
import { blocksOf, ETH_ADDRESS, ETH_KEY, ETH_KEYS, ETH_SECRET, ethBench } from './eth-bench.js'

const DEVICES = {
  provisioned: () => ethBench(),
  blank: () => bench({ keys: ETH_KEYS, profile: 'eth' }),
  stock: () => bench({ keys: ETH_KEYS }),
}

/** `NAME (DEVICE)`, a line of `>` with the indented ones behind it, and a line of `<`. */
const VECTORS = blocksOf('text')
  .slice(1)
  .flatMap((block) => block.split('\n\n'))
  .map((text) => {
    const [, name = '', device = '', send = '', reply = ''] =
      /^(.+) \((provisioned|blank|stock)\)\n> ([^<]+)< (.+)$/.exec(text) ?? []
    return {
      name: `${name} (${device})`,
      device: Object.entries(DEVICES).find(([known]) => known === device)?.[1],
      send: hex(send.replace(/\s/g, '')),
      digest: /^signature of ([0-9a-f]{64})$/.exec(reply)?.[1],
      reply: reply.replace(/\s/g, ''),
    }
  })

describe('the vectors of docs/firmware-eth.md', () => {
  it('are there, each with a device', () => {
    expect(VECTORS).toHaveLength(37)
    expect(VECTORS.filter(({ digest }) => digest !== undefined)).toHaveLength(4)
    expect(VECTORS.filter(({ device }) => device === undefined)).toEqual([])
  })

  it('show every status that SIGN_ETH adds', () => {
    const shown = VECTORS.filter(({ reply }) => reply.startsWith('0500')).map(({ reply }) =>
      reply.slice(4, 6),
    )
    const added = STATUS_BYTES.filter(([, name]) => name.startsWith('eth-'))
    for (const [byte, name] of added) expect(shown, name).toContain(byte.toString(16))
    expect(added).toHaveLength(13)
  })

  it('are made with a key that has the address they give', () => {
    expect(ETH_KEYS.secp256k1.rawPublicKey).toEqual(ETH_KEY)
    expect(computeAddress(`0x${ETH_SECRET}`)).toBe(ETH_ADDRESS)
  })

  it.each(VECTORS)('$name', ({ device, send, digest, reply }) => {
    if (device === undefined) throw new Error('no such device')
    const rig = device()
    expect(encodeCommand(send.slice(3, -2))).toEqual(send)
    rig.device.receive(send)
    expect(rig.replies).toHaveLength(1)
    if (digest === undefined) {
      expect(rig.replies[0]).toEqual(hex(reply))
      expect(rig.device.counters.signatures).toBe(0)
      return
    }
    const signature = bodyOf(rig.replies[0])
    expect(verifySignature(ETH_KEYS.secp256k1.publicKey, hex(digest), signature)).toBe(true)
    expect(rig.device.counters.signatures).toBe(1)
  })
})
