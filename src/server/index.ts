/** The listeners: HTTP in, a question to the policy, HTTP out. */
export { adminApp } from './admin-app.js'
export type { AdminSource } from './admin-source.js'
export { callerOf, NO_CALLERS, type CallerRules, type ClientCertificate } from './caller.js'
export { controlApp, type ControlHandlers } from './control-app.js'
export type { RequestRefused, Sinks } from './error-funnel.js'
export { HttpRefusalError, REFUSAL_CODES } from './http-status.js'
export { listen, type App, type Listener, type ListenLimits, type ListenTarget } from './listen.js'
export type { HandshakeFailed, TlsFiles } from './handshakes.js'
export { loadAssets, type Assets } from './page/assets.js'
export { LivePage, type LivePageOptions } from './page/live-page.js'
export type { PeerRange } from './peers.js'
export { Questions, type KeyDirectory, type QuestionsOptions } from './questions.js'
export {
  placeOf,
  type Decision,
  type DeviceReport,
  type KeyReport,
  type LatencyReport,
  type LatencySample,
  type ListeningAddress,
  type MarkReport,
  type Readiness,
  type StatusReport,
  type Warning,
} from './status-report.js'
export { signerApp, type SignerAppOptions } from './signer-app.js'
export {
  listenOnSocket,
  type SocketLimits,
  type SocketListener,
  type SocketService,
  type SocketTarget,
} from './socket/socket-listener.js'
export { ListenError, type ListenErrorCode } from './socket/unix-socket.js'
