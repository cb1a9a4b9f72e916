import { keccak_256 } from '@noble/hashes/sha3.js'
import { ETH_ALIAS, ETH_FORM } from '../../src/device/tezio/index.js'
import type { EthPolicy } from '../eth-policy.js'
import type { Status } from '../profile.js'
import { judgeEthMessage } from './eth-message.js'
import { judgeEip1559, judgeLegacy } from './eth-transaction.js'
import { elementRefusal, keyOf, refusal, value, type Handler } from './outcome.js'

type Judge = (data: Uint8Array, policy: EthPolicy) => Status | undefined

const JUDGES: ReadonlyMap<number, Judge> = new Map([
  [ETH_FORM.eip191, judgeEthMessage],
  [ETH_FORM.eip1559, judgeEip1559],
  [ETH_FORM.legacy, judgeLegacy],
])

/** SIGN_ETH. Checks in the order of docs/firmware-eth.md: key, policy, parameters, data, secure element. */
export const signEth: Handler = ({ param1, param2, param3, data }, board) => {
  if (param1 !== ETH_ALIAS) return refusal('param1-invalid')
  if (board.ethPolicy === undefined) return refusal('eth-not-provisioned')
  const judge = JUDGES.get(param2 ?? 0)
  if (judge === undefined) return refusal('param2-invalid')
  if (param3 !== 0) return refusal('param3-invalid')
  if (data === undefined) return refusal('data-invalid')
  const denied = judge(data, board.ethPolicy)
  if (denied !== undefined) return refusal(denied)
  const key = keyOf(board, ETH_ALIAS)
  return elementRefusal(board, 'SIGN_ETH', key.curve) ?? value(key.sign(keccak_256(data), board.random))
}
