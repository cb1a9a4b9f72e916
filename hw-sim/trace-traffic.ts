import { COMMAND_PREFIX, MAX_COMMAND_SIZE } from '../src/device/tezio/index.js'
import { concatBytes, equalBytes } from '../src/tezos/index.js'
import type { Exchange } from './exchange-log.js'
import { QUEUE_SIZE } from './firmware/packet-reader.js'
import type { SimulatedTezio } from './simulated-tezio.js'

/** One exchange as the cable saw it. */
export type Traffic = {
  readonly exchange: Exchange
  /** What the host sent for it: noise before the prefix, the prefix, the packet. */
  readonly sent: Uint8Array
  /** Everything the device sent since the exchange before; behaviours may have made it anything. */
  readonly received: Uint8Array
  /** From the packet read to the last thing it caused; `undefined` when a restart cut it off. */
  readonly micros: number | undefined
  /** Whether the device was restarted between the exchange before and this one. */
  readonly isAfterRestart: boolean
}

/**
 * Hears every exchange of a device from now on, those a restart cut off included: they are heard of with the next
 * bytes on the cable, or when the returned function ends it.
 */
export function watchTraffic(device: SimulatedTezio, listener: (traffic: Traffic) => void): () => void {
  return new TrafficWatch(device, listener).stop
}

class TrafficWatch {
  readonly stop: () => void
  readonly #device: SimulatedTezio
  readonly #listener: (traffic: Traffic) => void
  #in: Uint8Array = new Uint8Array()
  #out: Uint8Array = new Uint8Array()
  #lastNumber: number
  #boots: number
  #isAfterRestart = false

  constructor(device: SimulatedTezio, listener: (traffic: Traffic) => void) {
    this.#device = device
    this.#listener = listener
    this.#lastNumber = device.counters.exchanges
    this.#boots = device.counters.boots
    const ends = [
      device.onBytes((direction, bytes) => {
        this.#noticeRestart()
        if (direction === 'in') this.#in = lastBytes(concatBytes(this.#in, bytes))
        else this.#out = lastBytes(concatBytes(this.#out, bytes))
      }),
      device.onExchange((exchange, micros) => {
        this.#noticeRestart()
        this.#report(exchange, micros)
      }),
    ]
    this.stop = () => {
      for (const end of ends.splice(0)) end()
      this.#noticeRestart()
    }
  }

  #noticeRestart(): void {
    const { boots, exchanges } = this.#device.counters
    if (boots === this.#boots) return
    this.#boots = boots
    if (exchanges > this.#lastNumber) {
      const cut = this.#device.log.filter(({ number }) => number > this.#lastNumber)
      for (const exchange of cut) this.#report(exchange, undefined)
    }
    this.#in = new Uint8Array()
    this.#out = new Uint8Array()
    this.#isAfterRestart = true
  }

  #report(exchange: Exchange, micros: number | undefined): void {
    if (exchange.number <= this.#lastNumber) return
    const { sent, rest } = cutSent(this.#in, exchange.packet)
    const received = this.#out
    const isAfterRestart = this.#isAfterRestart
    this.#in = rest
    this.#out = new Uint8Array()
    this.#lastNumber = exchange.number
    this.#isAfterRestart = false
    this.#listener({ exchange, sent, received, micros, isAfterRestart })
  }
}

/** Noise without an end must not grow; what the device itself could not hold is not kept either. */
function lastBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length > 2 * QUEUE_SIZE ? bytes.slice(-QUEUE_SIZE) : bytes
}

/**
 * What of the stream was read as `packet`; where bytes were lost, the packet as the device had it. A lone length byte,
 * which the device does not read, was sent with its prefix.
 */
function cutSent(stream: Uint8Array, packet: Uint8Array) {
  const start = stream.indexOf(COMMAND_PREFIX) + 1
  const size = sizeInStream(packet, stream.length - start)
  if (start === 0 || !equalBytes(stream.subarray(start, start + packet.length), packet)) {
    return { sent: concatBytes(Uint8Array.of(COMMAND_PREFIX), packet), rest: new Uint8Array() }
  }
  return { sent: stream.slice(0, start + size), rest: stream.slice(start + size) }
}

/** How many bytes a packet took up of the `available` ones; the device keeps 1024 of a longer one. */
function sizeInStream(packet: Uint8Array, available: number): number {
  const [low = 0, high = 0] = packet
  const declared = low | (high << 8)
  if (packet.length === 0 && available === 1) return 1
  return packet.length === MAX_COMMAND_SIZE && declared <= available
    ? Math.max(declared, packet.length)
    : packet.length
}
