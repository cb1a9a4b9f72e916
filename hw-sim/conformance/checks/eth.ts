import {
  ETH_ALIAS,
  ETH_FORM,
  ETH_OPCODE,
  getInfo,
  joinBody,
  MODE,
  type DeviceCapability,
} from '../../../src/device/tezio/index.js'
import { concatBytes, payloadDigest } from '../../../src/tezos/index.js'
import type { Status } from '../../profile.js'
import type { Check, Run } from '../check.js'
import { signBody } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { harmless, harmlessDigest } from '../payloads.js'
import { bodyProblem, describe, statusProblem } from '../reply.js'

/**
 * The operations of docs/firmware-eth.md, where the device says that it has them. Nothing is signed: what a device
 * was provisioned with cannot be asked, so it is asked for what none is provisioned with.
 */
export const ETH_CHECKS: readonly Check[] = [
  {
    id: 'eth.info',
    title: 'GET_INFO is answered in its format, or unknown as SIGN_ETH then is',
    judge: judgeInfo,
  },
  {
    id: 'eth.parameters',
    title: 'SIGN_ETH refuses other keys and forms, and signs nothing without a policy',
    judge: ifCapable('eth-keccak', judgeParameters),
  },
  {
    id: 'eth.messages',
    title: 'SIGN_ETH refuses messages that are malformed or not provisioned',
    judge: ifCapable('eth-provisioned', (run) => asRefused(run, ETH_FORM.eip191, messages())),
  },
  {
    id: 'eth.transactions',
    title: 'SIGN_ETH refuses transactions that are malformed, of another type or not provisioned',
    judge: ifCapable('eth-provisioned', judgeTransactions),
  },
  {
    id: 'eth.role',
    title: 'the key that signs for Ethereum takes no part in SIGN',
    judge: ifCapable('eth-provisioned', judgeRole),
  },
]

function ifCapable(capability: DeviceCapability, judge: (run: Run) => Promise<Judgement>): Check['judge'] {
  return (run) =>
    run.capabilities.has(capability)
      ? judge(run)
      : Promise.resolve(leftOut(`this device does not say that it has ${capability}`))
}

async function judgeInfo(run: Run): Promise<Judgement> {
  const ask = () => run.prober.ask(getInfo.encode(undefined))
  const reply = await ask()
  const answer = reply.kind === 'body' ? getInfo.decode(reply.body) : undefined
  if (reply.kind !== 'body' || answer?.kind !== 'value') {
    return judged([`expected 8 bytes of format 1, or 0xa2 (opcode-unknown), got ${describe(reply)}`])
  }
  for (const capability of answer.value.capabilities) run.capabilities.add(capability)
  const again = bodyProblem('the second time', await ask(), reply.body)
  const signing = await run.prober.ask(ethBody(3, ETH_FORM.eip191, Uint8Array.of(0)))
  if (!run.capabilities.has('eth-keccak')) {
    return judged([again, statusProblem('SIGN_ETH', signing, 'opcode-unknown')])
  }
  const bare = await run.prober.ask(joinBody({ opcode: ETH_OPCODE.getInfo, param1: 0 }))
  return judged([again, statusProblem('GET_INFO with a parameter', bare, 'param1-invalid')])
}

async function judgeParameters(run: Run): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  const refuse = async (what: string, body: Uint8Array, status: Status) => {
    problems.push(statusProblem(what, await run.prober.ask(body), status))
  }
  const typed = typedData(66)
  for (const alias of [0, 1, 3, 4]) {
    await refuse(`key ${alias}`, ethBody(alias, ETH_FORM.eip191, typed), 'param1-invalid')
  }
  if (!run.capabilities.has('eth-provisioned')) {
    await refuse('without a policy', ethBody(ETH_ALIAS, ETH_FORM.eip191, typed), 'eth-not-provisioned')
    return judged(problems)
  }
  for (const form of [0, 4, 0xff])
    await refuse(`form ${form}`, ethBody(ETH_ALIAS, form, typed), 'param2-invalid')
  const head = { opcode: ETH_OPCODE.signEth, param1: ETH_ALIAS, param2: ETH_FORM.eip191 }
  await refuse('a third parameter of 1', joinBody({ ...head, param3: 1, data: typed }), 'param3-invalid')
  await refuse('no data', joinBody({ ...head, param3: 0 }), 'data-invalid')
  return judged(problems)
}

async function judgeRole(run: Run): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  for (const mode of Object.values(MODE)) {
    const isDigest = mode === MODE.prehashedRaw || mode === MODE.prehashedBase58
    const data = isDigest ? harmlessDigest(3) : harmless(64)
    const reply = await run.prober.ask(signBody(ETH_ALIAS, mode, data))
    problems.push(statusProblem(`SIGN mode ${mode}`, reply, 'hsm-operation-disabled'))
  }
  return judged(problems)
}

async function judgeTransactions(run: Run): Promise<Judgement> {
  const found = [
    await asRefused(run, ETH_FORM.legacy, LEGACY),
    await asRefused(run, ETH_FORM.eip1559, EIP1559),
  ]
  return judged(found.flatMap((each) => (each.verdict === 'failed' ? each.problems : [])))
}

type Attempt = readonly [what: string, data: Uint8Array, status: Status]

async function asRefused(run: Run, form: number, attempts: readonly Attempt[]): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  for (const [what, data, status] of attempts) {
    problems.push(statusProblem(what, await run.prober.ask(ethBody(ETH_ALIAS, form, data)), status))
  }
  return judged(problems)
}

const ethBody = (param1: number, param2: number, data: Uint8Array) =>
  joinBody({ opcode: ETH_OPCODE.signEth, param1, param2, param3: 0, data })

/** Typed data whose domain separator is no contract's: a hash of this program's own text. */
function typedData(size: number): Uint8Array {
  const separator = payloadDigest(new TextEncoder().encode('tezio-bridge conformance, no domain'))
  return concatBytes(Uint8Array.of(0x19, 0x01), separator, new Uint8Array(32)).slice(0, size)
}

function messages(): readonly Attempt[] {
  const text = (length: string) =>
    new TextEncoder().encode(`\u0019Ethereum Signed Message:\n${length}tezio-bridge conformance`)
  return [
    ['one byte', Uint8Array.of(0x19), 'eth-message-malformed'],
    ['EIP-191 version 0', concatBytes(Uint8Array.of(0x19, 0), new Uint8Array(64)), 'eth-message-malformed'],
    ['typed data of 65 bytes', typedData(65), 'eth-message-malformed'],
    ['typed data of 67 bytes', concatBytes(typedData(66), Uint8Array.of(0)), 'eth-message-malformed'],
    ['a message that says one byte too many', text('25'), 'eth-message-malformed'],
    ['a message whose length has a leading zero', text('024'), 'eth-message-malformed'],
    ['a domain that is no contract', typedData(66), 'eth-domain-not-provisioned'],
    ['a text of this program', text('24'), 'eth-prefix-not-provisioned'],
  ]
}

const EMPTY = 0x80
/** A chain that there is none of: 2^64 - 1. */
const NO_CHAIN = [0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]

/** An RLP list of items that are written already, at most 55 bytes. */
const listOf = (...items: readonly number[]) => Uint8Array.of(0xc0 + items.length, ...items)
const legacy = (...chain: readonly number[]) =>
  listOf(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, ...chain, EMPTY, EMPTY)
const eip1559 = (type: number, ...chain: readonly number[]) =>
  concatBytes(Uint8Array.of(type), listOf(...chain, ...new Array<number>(7).fill(EMPTY), 0xc0))

const LEGACY: readonly Attempt[] = [
  ['no list', Uint8Array.of(EMPTY), 'eth-transaction-malformed'],
  ['a list cut off', legacy(...NO_CHAIN).slice(0, -1), 'eth-transaction-malformed'],
  ['a byte behind the list', concatBytes(legacy(...NO_CHAIN), Uint8Array.of(0)), 'eth-transaction-malformed'],
  ['a chain with a leading zero', legacy(0x82, 0, 5), 'eth-transaction-malformed'],
  ['one byte in two', legacy(0x81, 5), 'eth-transaction-malformed'],
  [
    'a longer length than need be',
    concatBytes(Uint8Array.of(0xf8, legacy(...NO_CHAIN).length - 1), legacy(...NO_CHAIN).slice(1)),
    'eth-transaction-malformed',
  ],
  [
    'a transaction without a chain',
    listOf(...new Array<number>(6).fill(EMPTY)),
    'eth-transaction-type-refused',
  ],
  ['a chain that there is none of', legacy(...NO_CHAIN), 'eth-chain-not-provisioned'],
]

const EIP1559: readonly Attempt[] = [
  ...[0x01, 0x03, 0x04, 0x05].map((type): Attempt => [
    `type ${type}`,
    eip1559(type, ...NO_CHAIN),
    'eth-transaction-type-refused',
  ]),
  ['a type there is not', eip1559(0x06, ...NO_CHAIN), 'eth-transaction-malformed'],
  [
    'a byte behind the list',
    concatBytes(eip1559(2, ...NO_CHAIN), Uint8Array.of(0)),
    'eth-transaction-malformed',
  ],
  ['a chain that there is none of', eip1559(2, ...NO_CHAIN), 'eth-chain-not-provisioned'],
]
