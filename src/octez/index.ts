/** Asks an Octez node over its RPC. */
export { octezHead, type NodeAnswer } from './octez-head.js'
