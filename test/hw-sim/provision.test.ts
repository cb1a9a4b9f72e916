import { describe, expect, it } from 'vitest'
import {
  createProvisioningConsole,
  createSimulatedTezio,
  keyAddresses,
  keysFromMnemonic,
  ManualClock,
  type DeviceKeys,
  type MnemonicSource,
  type ProvisioningOptions,
} from '../../hw-sim/index.js'
import { toHex } from '../../src/tezos/index.js'
import { bodyOf, hex } from './bench.js'

const WORDS =
  'mule wise online wear hair sign wife media calm arctic diet tip special quarter season swarm robust apart other whale broken pistol hunt egg'
const ADDRESSES = [
  'tz1RecHxwZJmZY4dypq2KmvxKYgUBGJceH1v',
  'tz2Dy8HhPZZqmxVK5hE8Unc66fiWvqY8wFXN',
  'tz3MyarJihHrejsze59J2Seita7jYWDCJDPe',
]
const CONFIRM = 'Confirm (Y/n)'

/** Entropy of 0x11 bytes, and so the same words and the same authentication key each time. */
const random = (size: number) => new Uint8Array(size).fill(0x11)

function rehearse(options: Partial<ProvisioningOptions> = {}) {
  const clock = new ManualClock()
  const keys: DeviceKeys[] = []
  let sent = ''
  const console = createProvisioningConsole({ random, clock, onKeys: (made) => keys.push(made), ...options })
  const wire = {
    send: (bytes: Uint8Array) => (sent += Buffer.from(bytes).toString()),
    unplug: () => undefined,
  }
  const disconnect = console.connect(wire)
  const lines = () => sent.split('\r\n').slice(0, -1)
  const type = (text: string) => {
    console.receive(new TextEncoder().encode(text))
  }
  /** Answers questions with yes until the last line is another, lets the last pause pass, and counts the questions. */
  const agree = () => {
    let count = 0
    for (; lines().at(-1) === CONFIRM; count += 1) type('Y\n')
    clock.advance(1000)
    return count
  }
  return { console, clock, keys, lines, type, agree, wire, disconnect, raw: () => sent }
}

const compiledIn: MnemonicSource = { kind: 'compiled-in', words: WORDS }

describe('a provisioning', () => {
  it('of the published mnemonic ends with its published addresses, one a line', () => {
    const { agree, lines, keys, console } = rehearse({ mnemonic: compiledIn })
    expect(agree()).toBe(4)
    const after = (heading: string) => lines()[lines().indexOf(heading) + 2]
    expect([
      after('-- ED25519 Public Key Hash --'),
      after('-- SECP256K1 Public Key Hash --'),
      after('-- NIST P256 Public Key Hash --'),
    ]).toEqual(ADDRESSES)
    const [made] = keys
    expect(keys).toHaveLength(1)
    expect(Object.values(keyAddresses(made!)).slice(1)).toEqual(ADDRESSES)
    expect(console.state).toBe('done')
  })

  it('leaves keys that a simulated device takes over', () => {
    const { agree, keys } = rehearse({ mnemonic: compiledIn })
    agree()
    const device = createSimulatedTezio({ keys: keys[0]! })
    const replies: Uint8Array[] = []
    device.connect({ send: (bytes) => replies.push(bytes.slice()), unplug: () => undefined })
    device.receive(hex('0307001101023386'))
    expect(toHex(bodyOf(replies[0]))).toBe(toHex(keysFromMnemonic(WORDS).ed25519.rawPublicKey))
  })

  it('says SIMULATED first, and speaks in whole lines with CRLF', () => {
    const { lines, raw } = rehearse()
    expect(lines()[0]).toMatch(/^SIMULATED /)
    expect(raw()).toMatch(/^(?:[^\r\n]*\r\n)+$/)
  })

  it('shows a new mnemonic, asks until it was written down, and derives the keys from it', () => {
    const { type, agree, lines, keys } = rehearse({ mnemonic: { kind: 'generated' } })
    type('Y\n')
    type('Y\n')
    const words = lines().find((line) => line.split(' ').length === 24 && line === line.toLowerCase())!
    expect(lines().slice(-2)).toEqual(['Ready to continue?', CONFIRM])
    type('n\n')
    type('n\n')
    expect(lines().filter((line) => line === 'Ready to continue?')).toHaveLength(3)
    agree()
    expect(keyAddresses(keys[0]!).ed25519).toBe(keyAddresses(keysFromMnemonic(words)).ed25519)
  })

  it('prints the secret of the authentication key, which no other key depends on', () => {
    const { agree, lines, keys } = rehearse({ mnemonic: compiledIn })
    agree()
    expect(lines().filter((line) => line.startsWith('p2sk'))).toEqual([
      expect.stringMatching(/^p2sk[1-9A-HJ-NP-Za-km-z]{50}$/),
    ])
    expect(keys[0]?.auth.publicKey).not.toEqual(keysFromMnemonic(WORDS).auth.publicKey)
  })
})

describe('the end of a dialogue', () => {
  it('leaves a second to read the addresses before the keys are handed over', () => {
    const { console, clock, keys, type } = rehearse({ mnemonic: compiledIn })
    for (let count = 0; count < 4; count += 1) type('Y\n')
    clock.advance(999)
    expect([console.state, keys]).toEqual(['done', []])
    clock.advance(1)
    expect(keys).toHaveLength(1)
  })

  it('hands no keys over when the plug was pulled meanwhile', () => {
    const { disconnect, clock, keys, type } = rehearse({ mnemonic: compiledIn })
    for (let count = 0; count < 4; count += 1) type('Y\n')
    disconnect()
    clock.advance(1000)
    expect(keys).toEqual([])
  })
})

describe('words entered over the port', () => {
  it('are echoed one by one, can be taken back, and are the keys', () => {
    const { type, agree, lines, keys } = rehearse()
    for (const answer of ['Y', 'Y', 'n']) type(`${answer}\n`)
    expect(lines().slice(-2)).toEqual(['Enter 24-word mnemonic phrase.', 'Word 1:'])
    type('wrong\n')
    type('n\n')
    expect(lines().slice(-4)).toEqual([
      'Entered: wrong',
      CONFIRM,
      'Ignoring last entry. Re-enter.',
      'Word 1:',
    ])
    for (const word of WORDS.split(' ')) {
      type(`${word}\n`)
      type('\n')
    }
    agree()
    expect(Object.values(keyAddresses(keys[0]!)).slice(1)).toEqual(ADDRESSES)
  })

  it('that are no mnemonic end with an ERROR: line, and nothing is answered afterwards', () => {
    const { type, lines, keys, console } = rehearse({ mnemonic: { kind: 'entered' } })
    type('Y\n')
    type('Y\n')
    for (let count = 0; count < 24; count += 1) {
      type('mule\n')
      type('Y\n')
    }
    const said = lines().length
    expect(lines().at(-1)).toMatch(/^ERROR: .*invalid/)
    type('Y\n')
    expect([lines().length, keys, console.state]).toEqual([said, [], 'halted'])
  })

  it('are cut to 9 characters, as the buffer of the sketch cuts them', () => {
    const { type, lines } = rehearse({ mnemonic: { kind: 'entered' } })
    type('Y\n')
    type('Y\n')
    type('incomprehensible\n')
    expect(lines().at(-2)).toBe('Entered: incompreh')
  })
})

describe('a question', () => {
  it.each([
    ['Y and a line feed', 'Y\n', true],
    ['a line feed alone', '\n', true],
    ['n', 'n\n', false],
    ['a small y', 'y\n', false],
    ['a word', 'Yes\n', false],
    ['Y with CRLF, because the carriage return is read too', 'Y\r\n', false],
  ])('is answered by %s', (_, answer, isYes) => {
    const { type, lines } = rehearse()
    type('Y\n')
    type(answer)
    expect(lines().includes('Configuration: locked.')).toBe(isYes)
  })

  it('takes an answer without line end after a second without a byte', () => {
    const { type, lines, clock } = rehearse()
    const before = lines().length
    type('Y')
    clock.advance(999)
    expect(lines()).toHaveLength(before)
    clock.advance(1)
    expect(lines().length).toBeGreaterThan(before)
  })

  it('throws away what was typed after its answer', () => {
    const { type, lines } = rehearse()
    type('Y\nY\nY\nY\n')
    expect(lines().filter((line) => line === CONFIRM)).toHaveLength(2)
  })

  it.each([
    ['to lock the configuration', ['Y', 'n'], /^Configuration: not locked/],
    ['to lock the data zone', ['Y', 'Y', 'n'], /^Data zone: not locked/],
    ['to make an authentication key', ['Y', 'Y', 'Y', 'n'], /^ERROR: /],
  ])('%s ends the dialogue when it is answered with no', (_, answers, last) => {
    const { type, lines, keys, console } = rehearse({ mnemonic: compiledIn })
    for (const answer of answers) type(`${answer}\n`)
    expect(lines().at(-1)).toMatch(last)
    expect([keys, console.state]).toEqual([[], 'halted'])
  })
})

describe('a restart', () => {
  it('begins again, and zones that were locked stay locked: keys are overwritten only when confirmed', () => {
    const { agree, lines, type, console, keys } = rehearse({ mnemonic: compiledIn })
    agree()
    console.reboot()
    expect(lines().filter((line) => line.startsWith('SIMULATED '))).toHaveLength(2)
    type('Y\n')
    expect(lines().slice(-3)).toEqual(['Do you wish to continue?', '', CONFIRM])
    type('n\n')
    expect([console.state, keys.length]).toEqual(['halted', 1])
    console.reboot()
    expect(agree()).toBe(3)
    expect(keys).toHaveLength(2)
  })

  it('of a board that was provisioned before asks before it overwrites', () => {
    const { type, lines } = rehearse({ mnemonic: compiledIn, provisioned: true })
    type('n\n')
    expect(lines()).toContain('Do you wish to continue?')
    expect(lines()).not.toContain('Do you wish to lock the configuration data zone?')
  })

  it('by the cable forgets what was typed, and leaves no timer behind', () => {
    const { type, disconnect, console, wire, clock, lines } = rehearse()
    type('n')
    disconnect()
    expect([console.state, clock.pending]).toEqual(['off', 0])
    type('n\n')
    console.connect(wire)
    expect(lines().at(-1)).toBe(CONFIRM)
    expect(() => console.connect(wire)).toThrow('connected already')
  })
})

describe('the opening', () => {
  it('is repeated until something is typed: a terminal does not tell when it is opened', () => {
    const { clock, lines, type } = rehearse({ repeatMs: 500 })
    const opening = lines()
    clock.advance(1000)
    expect(lines()).toEqual([...opening, ...opening, ...opening])
    type('n\n')
    const said = lines().length
    clock.advance(10_000)
    expect(lines()).toHaveLength(said)
  })
})

describe('whatever is typed', () => {
  it('is never too much', () => {
    const { type, console } = rehearse()
    type('\u0000'.repeat(100_000))
    type('Y'.repeat(100_000))
    expect(console.state).toMatch(/talking|halted/)
  })
})
