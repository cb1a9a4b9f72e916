import { isTezio, type Config, type TezioDeviceConfig } from '../config/index.js'
import { UsageError } from './exit-code.js'

/** The boards that a configuration names; tokens are none. */
export function boardsOf({ devices }: Pick<Config, 'devices'>): readonly TezioDeviceConfig[] {
  return devices.filter(isTezio)
}

/** The board that a command looks at: the one of that name, else the first. Throws a UsageError for a name of none. */
export function boardOf(config: Pick<Config, 'devices'>, name?: string): TezioDeviceConfig | undefined {
  const boards = boardsOf(config)
  if (name === undefined) return boards[0]
  const board = boards.find((one) => one.name === name)
  if (board !== undefined) return board
  const known = boards.map((one) => one.name).join(', ')
  throw new UsageError(
    `--device ${name}: there is no such board; ${known === '' ? 'there are none' : `there are ${known}`}`,
  )
}
