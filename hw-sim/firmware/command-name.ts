/** The commands there are, by the names of the protocol. */
export type CommandName = 'GET_PK' | 'SIGN' | 'VERIFY'
