/** A client that keeps to its windows (RFC 9113 section 6.9): what it may not send yet waits until the server allows it. */
import { data, defaultFrameBytes, flag } from './http2-frames.js'
import type { Http2Peer } from './http2-peer.js'
import { frameType } from './raw-http2.js'

/** Sends DATA on one connection, of which it sends all that there is; each payload counts for its stream and the connection. */
export class PatientSender {
  readonly #peer: Http2Peer
  readonly #sent = new Map<number, number>()

  constructor(peer: Http2Peer) {
    this.#peer = peer
  }

  /** Waits until so many octets are allowed, and sends them; `countsStream` as long as the stream is there. */
  async send(stream: number, payload: Buffer, flags = 0, countsStream = true): Promise<void> {
    for (const one of countsStream ? [0, stream] : [0]) {
      const sent = (this.#sent.get(one) ?? 0) + payload.length
      while (this.#peer.granted(one) < sent) {
        await this.#peer.next(({ type }) => type === frameType.windowUpdate, 'WINDOW_UPDATE')
      }
      this.#sent.set(one, sent)
    }
    this.#peer.send(data(stream, payload, flags))
  }

  /** Sends a whole message, and the end of the stream. */
  async sendMessage(stream: number, message: Buffer): Promise<void> {
    for (let at = 0; at < message.length; at += defaultFrameBytes) {
      await this.send(stream, message.subarray(at, at + defaultFrameBytes))
    }
    await this.send(stream, Buffer.alloc(0), flag.endStream)
  }
}
