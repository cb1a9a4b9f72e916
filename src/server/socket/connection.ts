import type { Socket } from 'node:net'
import type { Clock } from '../../clock.js'
import { StateError, UNKNOWN_CALLER } from '../../policy/index.js'
import { assertNever } from '../../tezos/index.js'
import type { Sinks } from '../error-funnel.js'
import type { HttpRefusal } from '../http-status.js'
import { unmapped } from '../peers.js'
import type { Questions } from '../questions.js'
import { answerRequest, errorReply } from './answer-request.js'
import { MessageStream, type Incoming, type StreamLimits } from './message-stream.js'
import { encodeReply, type SocketReply } from './reply.js'
import { decodeRequest } from './request.js'

/** What a connection is served with. It may change between two requests. */
export type Service = {
  readonly questions: Questions
  /** Why this peer is not served, if it is not. */
  readonly refusal: HttpRefusal | undefined
}

export type ConnectionOptions = Sinks & {
  readonly listener: 'unix' | 'tcp'
  readonly clock: Clock
  readonly limits: StreamLimits
  readonly newId: () => string
  readonly service: () => Service
}

/** One client of the socket protocol: its requests are answered one after another, and each refusal is a reply. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #stream: MessageStream
  readonly #peer: string | undefined
  #isStopping = false

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options
    this.#stream = new MessageStream(socket, options.clock, options.limits)
    this.#peer = socket.remoteAddress === undefined ? undefined : unmapped(socket.remoteAddress)
  }

  /** Serves until either side ends; resolves when the connection is gone. */
  async serve(): Promise<void> {
    for (;;) {
      const { refusal } = this.#options.service()
      if (refusal !== undefined) return this.refuse(refusal)
      const incoming = await this.#stream.next()
      if (incoming.kind !== 'message') return this.#finish(incoming)
      const reply = await this.#answer(incoming.message)
      if (!(await this.#stream.send(encodeReply(reply)))) return this.#stream.end()
      if (this.#isStopping) return this.#stream.hasMore ? this.refuse(SHUTTING_DOWN) : this.#stream.end()
    }
  }

  /** Tells the client why it is not served any longer, and closes. */
  refuse(refusal: HttpRefusal): Promise<void> {
    this.#tell(this.#options.newId(), refusal)
    return this.#stream.end(encodeReply(errorReply(refusal)))
  }

  /** Ends the connection once the answer in hand is sent; at once where none is. */
  stop(): void {
    this.#isStopping = true
    this.#stream.interrupt()
  }

  #finish(incoming: Exclude<Incoming, { readonly kind: 'message' }>): Promise<void> {
    const refusal = refusalOf(incoming, this.#options.limits)
    return refusal === undefined ? this.#stream.end() : this.refuse(refusal)
  }

  async #answer(message: Uint8Array): Promise<SocketReply> {
    const requestId = this.#options.newId()
    const { questions, refusal } = this.#options.service()
    if (refusal !== undefined) return this.#refusal(requestId, refusal)
    const decoded = decodeRequest(message)
    if (decoded.outcome === 'malformed') {
      return this.#refusal(requestId, { code: decoded.code, message: decoded.reason })
    }
    try {
      return await answerRequest(questions, decoded.request, {
        ...{ requestId, caller: UNKNOWN_CALLER, signal: this.#stream.left },
      })
    } catch (error) {
      if (error instanceof StateError) return errorReply({ code: error.code, message: error.message })
      this.#options.onFault(error)
      return errorReply({ code: 'internal-error', message: 'the bridge failed; its log says why' })
    }
  }

  #refusal(requestId: string, refusal: HttpRefusal): SocketReply {
    this.#tell(requestId, refusal)
    return errorReply(refusal)
  }

  #tell(requestId: string, { code, message: reason }: HttpRefusal): void {
    const { listener, onRefused } = this.#options
    onRefused({ event: 'request.refused', listener, requestId, code, reason, peer: this.#peer })
  }
}

const SHUTTING_DOWN: HttpRefusal = {
  code: 'shutting-down',
  message: 'the bridge is told to stop; ask again in a moment',
}

/** What the client hears when there is no next message; `undefined` when it has ended in good order. */
function refusalOf(
  incoming: Exclude<Incoming, { readonly kind: 'message' }>,
  { readMs, maxMessageBytes }: StreamLimits,
): HttpRefusal | undefined {
  switch (incoming.kind) {
    case 'ended':
      return undefined
    case 'interrupted':
      return SHUTTING_DOWN
    case 'cut-short': {
      const { got, wanted } = incoming
      return {
        code: 'malformed-frame',
        message: `the stream ended within a frame: ${got} of ${wanted} bytes came`,
      }
    }
    case 'late': {
      const { got, wanted } = incoming
      const message = `${got} of the next ${wanted} bytes came within ${readMs} ms; connect again`
      return { code: 'read-timeout', message }
    }
    case 'too-long': {
      const message = `the frame announces ${incoming.size} bytes; at most ${maxMessageBytes} are read`
      return { code: 'body-too-large', message }
    }
    default:
      return assertNever(incoming)
  }
}
