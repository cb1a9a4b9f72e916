import { clientsRule } from './clients-rule.js'
import { hoursRule } from './hours-rule.js'
import { allow, allowedOps, byName, chains, firstByte, votes } from './kind-rules.js'
import type { Rule } from './rule.js'
import { destinations, entrypoints, maxFeeMutez, maxMutez, source } from './transaction-rules.js'

/**
 * The rules of a key that need nothing but the payload and the time, in the order they are asked. Two more are asked
 * in the request's turn, for what came before counts there: `per_minute` and `transactions.spend_windows`.
 */
export const RULES: readonly Rule[] = [
  { name: 'clients', ask: clientsRule },
  { name: 'first_byte', ask: firstByte },
  { name: 'allowed_ops', ask: allowedOps },
  { name: 'chains', ask: chains },
  { name: 'votes', ask: votes },
  { name: 'by_name', ask: byName },
  { name: 'allow', ask: allow },
  { name: 'transactions.source', ask: source },
  { name: 'transactions.destinations', ask: destinations },
  { name: 'transactions.entrypoints', ask: entrypoints },
  { name: 'transactions.max_mutez', ask: maxMutez },
  { name: 'transactions.max_fee_mutez', ask: maxFeeMutez },
  { name: 'hours', ask: hoursRule },
]
