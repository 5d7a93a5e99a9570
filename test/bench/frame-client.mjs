/**
 * The client's side of HTTP/2 for load: frames on a socket, because node:http2 takes longer for a call than the gate does. It
 * knows what servers of a benchmark answer, and no more: a status of 200 by its index, content in any number of frames.
 * It sends no more than the server has room for.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const type = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 }
const endStream = 1
const endHeaders = 4
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const largestWindow = 2 ** 31 - 1
const defaultWindow = 65_535
const initialWindowSize = 4
/** The indices of `:method: POST`, `:scheme: http` and `:status: 200` (RFC 7541 appendix A). */
const post = 0x83
const http = 0x86
const status200 = 0x88
/** The first index of what the server was made to remember. */
const firstRemembered = 62

/** A connection. Resolves when the socket is open. */
export async function openFrameClient(address, path, fields) {
  const colon = address.lastIndexOf(':')
  const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon))
  socket.setNoDelay(true)
  await once(socket, 'connect')
  return new FrameClient(socket, [
    [':path', path],
    [':authority', address],
    ...Object.entries(fields),
  ])
}

class FrameClient {
  #socket
  #fields
  #calls = new Map()
  #nextStream = 1
  #room = defaultWindow
  /** Calls for which the server has no room yet. */
  #queue = []
  #received = 0
  #rest = Buffer.alloc(0)
  #frames = []

  constructor(socket, fields) {
    this.#socket = socket
    this.#fields = fields
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const { done } of this.#calls.values()) done(undefined)
      for (const { done } of this.#queue) done(undefined)
    })
    const ownWindow = Buffer.alloc(6)
    ownWindow.writeUInt16BE(initialWindowSize)
    ownWindow.writeUInt32BE(largestWindow, 2)
    this.#send(Buffer.from(preface), frame(type.settings, 0, 0, ownWindow))
    this.#send(windowUpdate(largestWindow - defaultWindow))
  }

  /** Makes a call with a body of less than 16 KiB; `done` gets the content of the answer, undefined when there is none. */
  call(body, done) {
    if (this.#socket.destroyed) done(undefined)
    else if (this.#room < body.length || this.#queue.length > 0) this.#queue.push({ body, done })
    else this.#begin(body, done)
  }

  /** Ends the connection. */
  close() {
    this.#socket.end()
    this.#socket.destroySoon()
  }

  #begin(body, done) {
    const id = this.#nextStream
    this.#nextStream += 2
    this.#room -= body.length
    this.#calls.set(id, { done, content: undefined, isGood: false })
    const block = id === 1 ? toRemember(this.#fields) : remembered(this.#fields)
    this.#send(frame(type.headers, endHeaders, id, block), frame(type.data, endStream, id, body))
  }

  #send(...frames) {
    if (this.#frames.push(...frames) > frames.length) return
    process.nextTick(() => {
      this.#socket.write(Buffer.concat(this.#frames))
      this.#frames = []
    })
  }

  #read(bytes) {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    while (all.length - at >= 9) {
      const end = at + 9 + (all.readUInt32BE(at) >>> 8)
      if (end > all.length) break
      const payload = all.subarray(at + 9, end)
      this.#take(all[at + 3], all[at + 4], all.readUInt32BE(at + 5), payload)
      at = end
    }
    this.#rest = all.subarray(at)
  }

  #take(kind, flags, id, payload) {
    if (kind === type.settings && (flags & 1) === 0) this.#send(frame(type.settings, 1, 0))
    else if (kind === type.ping && (flags & 1) === 0) this.#send(frame(type.ping, 1, 0, payload))
    else if (kind === type.windowUpdate && id === 0) this.#widen(payload.readUInt32BE())
    const call = this.#calls.get(id)
    if (call === undefined) return
    if (kind === type.headers && !call.isGood) call.isGood = payload[0] === status200
    if (kind === type.data) this.#takeContent(call, payload)
    const isEnd = (kind === type.data || kind === type.headers) && (flags & endStream) !== 0
    if (!isEnd && kind !== type.reset) return
    this.#calls.delete(id)
    call.done(isEnd && call.isGood ? call.content : undefined)
  }

  #takeContent(call, payload) {
    call.content = call.content === undefined ? payload : Buffer.concat([call.content, payload])
    this.#received += payload.length
    if (this.#received < largestWindow / 2) return
    this.#send(windowUpdate(this.#received))
    this.#received = 0
  }

  #widen(bytes) {
    this.#room += bytes
    while (this.#queue.length > 0 && this.#room >= this.#queue[0].body.length) {
      const { body, done } = this.#queue.shift()
      this.#begin(body, done)
    }
  }
}

function windowUpdate(bytes) {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return frame(type.windowUpdate, 0, 0, payload)
}

function frame(kind, flags, id, payload = Buffer.alloc(0)) {
  const head = Buffer.allocUnsafe(9 + payload.length)
  head.writeUInt32BE(((payload.length << 8) | kind) >>> 0, 0)
  head[4] = flags
  head.writeUInt32BE(id, 5)
  payload.copy(head, 9)
  return head
}

/** The fields of the first call, each of which the server keeps in its table (RFC 7541 section 6.2.1). */
function toRemember(fields) {
  const text = (value) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
  const literals = fields.flatMap(([name, value]) => [Buffer.from([0x40]), text(name), text(value)])
  return Buffer.concat([Buffer.from([post, http]), ...literals])
}

/** The same of a later call; the last that was kept has the least index. */
function remembered(fields) {
  const indices = fields.map((_, at) => 0x80 | (firstRemembered + fields.length - 1 - at))
  return Buffer.from([post, http, ...indices])
}
