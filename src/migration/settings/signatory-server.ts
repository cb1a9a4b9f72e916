import { authorizedKeys } from './authorized-keys.js'
import { isOfThisMachine, listenAddress, splitAddress } from './listen-address.js'
import type { Notes } from './notes.js'
import { LOOK_IN_CONFIG, NO_TOKENS, UNKNOWN } from './reasons.js'
import { entriesOf, flatten } from './settings-tree.js'

/** What Signatory's section `server` says. */
export type SignatoryServer = {
  readonly listen: string | undefined
  readonly adminListen: string | undefined
  /** `undefined`: requests are not authenticated there. */
  readonly authorizedKeys: readonly string[] | undefined
}

/** Signatory's own default: every interface. Source: `defaultConfig` in its `pkg/config/config.go`. */
const DEFAULT_ADDRESS = ':6732'

/** The section `server`, or what its absence means. */
export function readServer(value: unknown, notes: Notes): SignatoryServer {
  const settings = new Map(entriesOf(value ?? {}, 'server'))
  const keys = settings.get('authorized_keys') ?? undefined
  for (const [name, given] of settings) noteSetting(name, given, notes)
  return {
    listen: addressOf(settings.get('address') ?? DEFAULT_ADDRESS, notes),
    adminListen: adminAddressOf(settings.get('utility_address') ?? undefined, notes),
    authorizedKeys:
      keys === undefined ? undefined : authorizedKeys(flatten(keys), 'server.authorized_keys', notes),
  }
}

function addressOf(value: unknown, notes: Notes): string | undefined {
  const setting = 'server.address'
  const parts = typeof value === 'string' ? splitAddress(value) : undefined
  if (parts !== undefined) return listenAddress({ setting, ...parts }, 'server.listen', notes)
  notes.leave(setting, 'it is not HOST:PORT', 'set server.listen')
  return undefined
}

/** Only a listener of this machine is taken over: the one here shows more than metrics, and asks nobody who he is. */
function adminAddressOf(value: unknown, notes: Notes): string | undefined {
  if (value === undefined) return undefined
  const setting = 'server.utility_address'
  const parts = typeof value === 'string' ? splitAddress(value) : undefined
  if (parts !== undefined && isOfThisMachine(parts.host)) {
    return listenAddress({ setting, ...parts }, 'admin.listen', notes)
  }
  const reason =
    "it is reached from other machines, and admin.listen shows the operator's page to whoever reaches it"
  notes.leave(
    setting,
    reason,
    'set admin.listen, if Prometheus asks from elsewhere; without it: 127.0.0.1:6733',
  )
  return undefined
}

function noteSetting(name: string, value: unknown, notes: Notes): void {
  if (['address', 'utility_address', 'authorized_keys'].includes(name)) return
  if (name === 'jwt' && value !== null) {
    const remedy = 'name the clients in policy.clients, with new tokens or certificates'
    notes.leave('server.jwt', NO_TOKENS, remedy)
  } else notes.leave(`server.${name}`, UNKNOWN, LOOK_IN_CONFIG)
}
