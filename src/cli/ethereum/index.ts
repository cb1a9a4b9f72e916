/** The jobs of Ethereum and managed accounts in a daemon; loaded only where one of them is configured. */
export { startEthereum, type EthereumSurroundings, type OpenEthereum } from './start-ethereum.js'
