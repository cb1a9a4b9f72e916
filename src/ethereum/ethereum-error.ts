/** Input that has no encoding in Ethereum. The message names what, which value and which limit. */
export class EthereumError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EthereumError'
  }
}
