/** The commands there are, by the names of the protocol; the last two only in profile `eth`. */
export const COMMAND_NAMES = ['GET_PK', 'SIGN', 'VERIFY', 'GET_INFO', 'SIGN_ETH'] as const

/** One of `COMMAND_NAMES`. */
export type CommandName = (typeof COMMAND_NAMES)[number]
