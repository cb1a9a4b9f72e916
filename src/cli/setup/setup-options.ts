import type { ChainId } from '../../tezos/index.js'
import type { ConfigOptions } from '../serve.js'

/** What the command line says; what it leaves out is asked, or has a safe value. */
export type SetupOptions = ConfigOptions & {
  /** A device path, or `auto`. */
  readonly port?: string | undefined
  readonly serialNumber?: string | undefined
  /** An address, or a place on the board: 1, 2 or 3. */
  readonly key?: string | undefined
  readonly chain?: ChainId | undefined
  /** Kinds of operations by name. */
  readonly operations?: readonly string[] | undefined
  readonly authenticate?: boolean | undefined
  /** A node's URL; `false`: none is asked. */
  readonly node?: string | false | undefined
  readonly headCheck?: boolean | undefined
  readonly level?: number | undefined
  readonly install?: boolean | undefined
  readonly manager?: string | undefined
  readonly user?: string | undefined
  readonly prefix?: string | undefined
  readonly yes?: boolean | undefined
  readonly force?: boolean | undefined
  readonly dryRun?: boolean | undefined
  readonly json?: boolean | undefined
}
