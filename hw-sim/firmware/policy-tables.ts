import type { OPCODE, KeyAlias } from '../../src/device/tezio/index.js'
import { ALIASES, KEY_NAMES, type KeyName } from '../device-key.js'

/** What one key may do. Opcodes are those of the command table. */
export type KeyPolicy = {
  /** Magic bytes it signs, 0x01 to 0x13. */
  readonly magicBytes: readonly number[]
  /** Opcodes it refuses with 0xB0. */
  readonly disabledOpcodes?: readonly number[]
}

/** Policies that differ from the sketch's defaults. */
export type PolicyOptions = Partial<Readonly<Record<KeyName, KeyPolicy>>>

const MAGIC_BYTES = 0x13
const OPCODES = 0x22
const ENTRIES = MAGIC_BYTES + OPCODES

const TRANSFER = 0x03
const CONSENSUS = [0x11, 0x12, 0x13]

/** The sketch's defaults: transfer for every key; block, preattestation and attestation for alias 3. */
const DEFAULTS: Readonly<Record<KeyName, KeyPolicy>> = {
  auth: { magicBytes: [TRANSFER] },
  ed25519: { magicBytes: [TRANSFER] },
  secp256k1: { magicBytes: [TRANSFER] },
  p256: { magicBytes: [TRANSFER, ...CONSENSUS] },
}

/**
 * The policy tables as they lie in the device's memory: for each key, in alias order, 0x13 entries of magic bytes
 * and then 0x22 of opcodes, both counted from 1.
 */
export class PolicyTables {
  readonly #memory = new Uint8Array(ENTRIES * ALIASES.length)

  /** Throws a RangeError for a magic byte or an opcode that has no entry. */
  constructor(options: PolicyOptions = {}) {
    for (const [alias, name] of KEY_NAMES.entries()) {
      const policy = options[name] ?? DEFAULTS[name]
      const start = alias * ENTRIES
      this.#memory.fill(1, start + MAGIC_BYTES, start + ENTRIES)
      for (const byte of policy.magicBytes) this.#memory[start + entryOf(byte, MAGIC_BYTES)] = 1
      for (const opcode of policy.disabledOpcodes ?? []) {
        this.#memory[start + MAGIC_BYTES + entryOf(opcode, OPCODES)] = 0
      }
    }
  }

  /** Whether the key's own table allows a magic byte; bytes without an entry are not allowed. */
  allowsMagicByte(alias: KeyAlias, magicByte: number): boolean {
    return magicByte >= 1 && magicByte <= MAGIC_BYTES && this.readsMagicByte(alias, magicByte)
  }

  /**
   * The same without a bounds check, as the firmware looks it up: bytes above 0x13 (and 0x00) read whatever entry
   * of these or another key lies there. Outside the four tables nothing is allowed.
   */
  readsMagicByte(alias: KeyAlias, magicByte: number): boolean {
    return this.#memory[alias * ENTRIES + magicByte - 1] === 1
  }

  /** Whether a key takes part in a command. */
  allowsOpcode(alias: KeyAlias, opcode: (typeof OPCODE)[keyof typeof OPCODE]): boolean {
    return this.#memory[alias * ENTRIES + MAGIC_BYTES + opcode - 1] === 1
  }
}

function entryOf(value: number, entries: number): number {
  if (!Number.isInteger(value) || value < 1 || value > entries) {
    throw new RangeError(`a policy table has entries 1 to ${entries}, not ${value}`)
  }
  return value - 1
}
