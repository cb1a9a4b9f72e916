/** The name of the socket in the state directory over which commands ask the running daemon. */
export const CONTROL_SOCKET = 'control.sock'
