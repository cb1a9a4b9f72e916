import { doesNotApply, passes, refuses, type RuleInput, type RuleWord } from './rule.js'

/** Whether one of those who are proven to ask is among the key's clients. */
export function clientsRule({ key, clients }: RuleInput): RuleWord {
  const { publicKeyHash, clients: listed } = key
  if (listed === undefined) return doesNotApply('the key has no list of clients')
  const client = clients.find((name) => listed.includes(name))
  if (client !== undefined) return passes(`${client} may ask for ${publicKeyHash}`)
  const who =
    clients.length === 0
      ? 'who asks is not known, and'
      : `${clients.join(', ')} may not ask for ${publicKeyHash}:`
  return refuses('client-not-allowed', `${who} its clients are ${listed.join(', ')}`)
}
