import type { Config } from '../../../config/index.js'
import { AUTHENTICATION_ALIAS } from '../../key-directory.js'
import { fail, pass, skip, type Check, type Finding } from '../check.js'
import type { BoardAddresses, BoardFacts } from '../facts/board-facts.js'

/** Whether the board tells its keys, and how fast. */
export function judgeAnswer(facts: BoardFacts): Finding {
  switch (facts.outcome) {
    case 'not-asked':
      return skip(facts.reason)
    case 'failed':
      return fail(facts.reason, remedyFor(facts))
    case 'answers':
      return facts.answerMs === undefined
        ? pass('it answers the daemon')
        : pass(`it told a public key in ${facts.answerMs.toFixed(1)} ms`)
  }
}

function remedyFor({ by, code }: Extract<BoardFacts, { readonly outcome: 'failed' }>): string {
  if (by === 'daemon')
    return 'read the lines device.* of the daemon’s log; the checks of the port may say why'
  switch (code) {
    case 'port-permission':
      return 'see "Access to the port" above'
    case 'port-busy':
      return 'stop the program that has the port; as root, doctor names it'
    case 'device-failed':
    case 'device-refused':
      return 'unplug the board and plug it in again; if it stays so, its secure element needs provisioning'
    default:
      return 'press the board’s reset button once; if it stays silent, load the TezioHSM_API sketch: only that one answers'
  }
}

/** Whether the keys that the configuration looks for on this board are there. */
export function judgeKeys(config: Config, board: string, addresses: BoardAddresses): Finding {
  const { authenticationKey } = config
  const keys = config.keys.filter(({ devices }) => devices.includes(board))
  const wanted = [
    ...keys.map(({ curveAlias, publicKeyHash }) => ({ alias: curveAlias, address: publicKeyHash })),
    ...(authenticationKey?.devices.includes(board) !== true
      ? []
      : [{ alias: AUTHENTICATION_ALIAS, address: authenticationKey.publicKeyHash }]),
  ]
  const wrong = wanted.filter(({ alias, address }) => addresses.get(alias) !== address)
  if (wrong.length === 0) return pass(wanted.map(({ address }) => address).join(', '))
  const problems = wrong.map(
    ({ alias, address }) =>
      `key ${alias} of the board is ${addresses.get(alias) ?? 'missing'}, and the configuration says ${address}`,
  )
  return fail(
    problems.join('; '),
    'plug the right board in, or write its addresses in the configuration: tezio-bridge keys --port auto',
  )
}

/** The board itself. */
export const boardChecks: readonly Check[] = [
  { id: 'board-answers', title: 'The board answers', run: async ({ board }) => judgeAnswer(await board()) },
  {
    id: 'board-keys',
    title: 'Keys of the board',
    run: async ({ board, config, configured }) => {
      const loaded = config()
      const facts = await board()
      if (facts.outcome !== 'answers') return skip('the board told no keys')
      const name = configured()?.name
      if (loaded.outcome === 'loaded' && name !== undefined) {
        return judgeKeys(loaded.config, name, facts.addresses)
      }
      return pass([...facts.addresses.values()].join(', '))
    },
  },
]
