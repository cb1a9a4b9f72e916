/** Asks an Octez node over its RPC. */
export { failureText } from './get-json.js'
export { readBounded } from './read-bounded.js'
export { nodeReport, type NodeReport } from './node-report.js'
export { octezHead, octezHeader, type HeaderAnswer, type NodeAnswer } from './octez-head.js'
