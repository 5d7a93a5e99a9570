/**
 * An HTTP/2 client as frames on a socket, for what no well-behaved client would send, and for what a server must not send.
 *
 * The rules are:
 *   - what is sent is sent as it is: nothing is checked, counted or left out;
 *   - SETTINGS and PING of the server are acknowledged, because a server may end a connection where they are not;
 *   - every frame that comes is kept, and the header blocks in them are octets: how a server encodes them is its own;
 *   - who waits for something that does not come is told what came instead.
 */
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import {
  defaultWindowBytes,
  errorName,
  flag,
  ping,
  setting,
  settings,
  type Setting,
} from './http2-frames.js'
import { frame, frameType, preface } from './raw-http2.js'

/** A frame that came. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** How a stream came to its end. */
export interface Answer {
  /** The data of all its DATA frames. */
  readonly body: Buffer
  readonly frames: readonly Frame[]
}

const patienceMs = 10_000
const typeNames = new Map(Object.entries(frameType).map(([name, type]) => [type, name]))

/** Connects to a server on this machine; says nothing yet. */
export async function connectSilent(port: number): Promise<Http2Peer> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true) // What is written for itself is sent for itself.
  const peer = new Http2Peer(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject)
  })
  return peer
}

/** Connects, and sends the preface with these settings. */
export async function connectPeer(port: number, ...values: readonly Setting[]): Promise<Http2Peer> {
  const peer = await connectSilent(port)
  peer.send(preface, settings(...values))
  return peer
}

/** One connection of a client. */
export class Http2Peer {
  /** Every frame that came, in order. */
  readonly received: Frame[] = []
  readonly socket: Socket
  #unread: Frame[] = []
  #rest: Buffer = Buffer.alloc(0)
  #pings = 0
  #isClosed = false
  #isSendingSingly = false
  /** What has to wait for the end of a frame that is being sent. */
  readonly #replies: Buffer[] = []
  readonly #watchers = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => undefined) // A 'close' follows, which says all.
    socket.on('data', (bytes: Buffer) => {
      this.#read(bytes)
    })
    socket.on('close', () => {
      this.#isClosed = true
      this.#notify()
    })
  }

  /** Whether the connection has ended. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Sends these octets in one write. */
  send(...octets: readonly Buffer[]): void {
    if (octets.length > 0) this.socket.write(Buffer.concat(octets))
  }

  /** Sends every octet for itself, and lets the server read it before the next one comes. */
  async sendSingly(...octets: readonly Buffer[]): Promise<void> {
    this.#isSendingSingly = true
    for (const octet of Buffer.concat(octets)) {
      this.socket.write(Buffer.from([octet]))
      await turn()
    }
    this.#isSendingSingly = false
    this.send(...this.#replies.splice(0))
  }

  /** The next frame of this kind that nobody has taken; rejects when it does not come, and says what did. */
  async next(isWanted: (frame: Frame) => boolean, what = 'a frame'): Promise<Frame> {
    let found: Frame | undefined
    await this.#watch(() => {
      const at = this.#unread.findIndex(isWanted)
      if (at >= 0) [found] = this.#unread.splice(at, 1)
      return found !== undefined
    }, what)
    return found!
  }

  /** The end of the connection. */
  async closed(): Promise<void> {
    await this.#watch(() => this.#isClosed, 'the end of the connection')
  }

  /** Sends a PING and waits for its ACK: the server has read all that was sent before, and the connection lives. */
  async alive(): Promise<void> {
    this.#pings += 1
    const octets = Buffer.from(`ping${String(this.#pings).padStart(4, '0')}`)
    this.send(ping(octets))
    await this.next(
      ({ type, flags, payload }) =>
        type === frameType.ping && (flags & flag.ack) !== 0 && payload.equals(octets),
      `the ACK of ${octets.toString()}`,
    )
  }

  /** The name of the error that the server gives up the connection with. Does not wait for its end. */
  async refusal(): Promise<string> {
    const { payload } = await this.next(({ type }) => type === frameType.goaway, 'GOAWAY')
    return errorName(payload.readUInt32BE(4))
  }

  /** The name of the error that the server ended the stream with, if it is the stream that it ended, and no more. */
  async resetOf(stream: number): Promise<string> {
    const { type, payload } = await this.#endOf(stream)
    if (type !== frameType.reset) throw new Error(`stream ${String(stream)} was answered`)
    await this.alive()
    return errorName(payload.readUInt32BE(0))
  }

  /** The answer on a stream, when it is whole. */
  async answer(stream: number): Promise<Answer> {
    const { type, payload } = await this.#endOf(stream)
    if (type === frameType.reset) {
      throw new Error(`stream ${String(stream)}: ${errorName(payload.readUInt32BE(0))}`)
    }
    const frames = this.of(stream)
    return { frames, body: Buffer.concat(frames.filter(isData).map((one) => one.payload)) }
  }

  /** What came on a stream so far. */
  of(stream: number): Frame[] {
    return this.received.filter((one) => one.stream === stream)
  }

  /** How many octets of DATA came on a stream so far. */
  dataBytes(stream: number): number {
    return this.of(stream)
      .filter(isData)
      .reduce((sum, { payload }) => sum + payload.length, 0)
  }

  /** The value that the server gave a setting last. */
  async serverSetting(id: number): Promise<number | undefined> {
    const isSettings = ({ type, flags }: Frame): boolean =>
      type === frameType.settings && (flags & flag.ack) === 0
    await this.#watch(() => this.received.some(isSettings), 'SETTINGS')
    return this.#settingOf(id)
  }

  /** How many octets the server allows on a stream, or on the connection (0), from its beginning on. */
  granted(stream: number): number {
    const atFirst = stream === 0 ? undefined : this.#settingOf(setting.initialWindowSize)
    return this.of(stream)
      .filter(({ type }) => type === frameType.windowUpdate)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), atFirst ?? defaultWindowBytes)
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.socket.destroy()
  }

  #settingOf(id: number): number | undefined {
    let value: number | undefined
    for (const { type, payload } of this.received) {
      if (type !== frameType.settings) continue
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) === id) value = payload.readUInt32BE(at + 2)
      }
    }
    return value
  }

  async #endOf(stream: number): Promise<Frame> {
    return await this.next(
      (one) =>
        one.stream === stream &&
        (one.type === frameType.reset ||
          (one.type <= frameType.headers && (one.flags & flag.endStream) !== 0)),
      `the end of stream ${String(stream)}`,
    )
  }

  async #watch(isThere: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const finish = (fault?: string): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        if (fault === undefined) resolve()
        else reject(new Error(`${fault} ${what}; ${this.#story()}`))
      }
      const look = (): void => {
        if (isThere()) finish()
        else if (this.#isClosed) finish('the connection ended before')
      }
      const timer = setTimeout(finish, patienceMs, 'waited in vain for')
      this.#watchers.add(look)
      look()
    })
  }

  #story(): string {
    const said = this.received.slice(-20).map((one) => {
      const name = typeNames.get(one.type) ?? String(one.type)
      const octets = one.payload.subarray(0, 12).toString('hex')
      return `${name}(flags ${String(one.flags)}, stream ${String(one.stream)}, ${octets})`
    })
    return `of ${String(this.received.length)} frames the last are: ${said.join(', ')}`
  }

  #read(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < end) break
      this.#take({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        stream: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(9, end),
      })
      this.#rest = this.#rest.subarray(end)
    }
    this.#notify()
  }

  #take(one: Frame): void {
    this.received.push(one)
    this.#unread.push(one)
    if ((one.flags & flag.ack) !== 0) return
    if (one.type === frameType.settings) this.#replies.push(frame(frameType.settings, flag.ack, 0))
    if (one.type === frameType.ping) this.#replies.push(ping(one.payload, flag.ack))
    if (!this.#isSendingSingly) this.send(...this.#replies.splice(0))
  }

  #notify(): void {
    for (const look of [...this.#watchers]) look()
  }
}

function isData({ type }: Frame): boolean {
  return type === frameType.data
}
