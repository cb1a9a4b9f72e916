/** Asks an Octez node over its RPC. */
export { nodeReport, type NodeReport } from './node-report.js'
export { octezHead, octezHeader, type HeaderAnswer, type NodeAnswer } from './octez-head.js'
