/** Asks an Octez node over its RPC. */
export { octezHead, octezHeader, type HeaderAnswer, type NodeAnswer } from './octez-head.js'
