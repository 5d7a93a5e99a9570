/** The settings of a connection: ours as octets, and those of the peer (RFC 9113 section 6.5). */
import {
  ConnectionError,
  defaultWindowBytes,
  errorCode,
  maxFrameBytes,
  maxInteger,
} from './frame.js'

const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const
const settingBytes = 6
const largestFrameBytes = 2 ** 24 - 1
/** What an encoder may use until it is told otherwise (RFC 9113 section 6.5.2). */
export const defaultTableBytes = 4_096

/** What we ask of every peer. */
export const ownSettings = {
  /** Checks wait for keys or an issuer at most; there are never as many as that but when everything stands still. */
  maxStreams: 4_096,
  streamWindowBytes: 1_048_576,
  /** Of the fields of a request, as section 6.5.2 counts them. */
  maxHeaderListBytes: 65_536,
} as const
/** Room for the content of all streams. It is not a setting, and is given by WINDOW_UPDATE. */
export const connectionWindowBytes = 16_777_216

/** The payload of our SETTINGS. */
export function encodeSettings(): Buffer {
  const settings = [
    [setting.maxConcurrentStreams, ownSettings.maxStreams],
    [setting.initialWindowSize, ownSettings.streamWindowBytes],
    [setting.maxHeaderListSize, ownSettings.maxHeaderListBytes],
  ] as const
  const payload = Buffer.alloc(settings.length * settingBytes)
  let at = 0
  for (const [id, value] of settings) {
    at = payload.writeUInt16BE(id, at)
    at = payload.writeUInt32BE(value, at)
  }
  return payload
}

/** What a peer asks of us. */
export class PeerSettings {
  /** The window that its streams begin with, for what we send. */
  initialWindowBytes: number = defaultWindowBytes
  maxFrameBytes: number = maxFrameBytes
  /** Whether the next block of fields has to say first that we keep no table (RFC 7541 section 4.2). */
  mustShrinkTable = false

  /**
   * Takes over what a SETTINGS frame says; settings that we do not know are ignored. Throws a ConnectionError for what is not
   * allowed.
   */
  apply(payload: Buffer): void {
    if (payload.length % settingBytes !== 0) {
      throw new ConnectionError(errorCode.frameSizeError, 'SETTINGS of an odd length')
    }
    for (let at = 0; at < payload.length; at += settingBytes) {
      this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
    }
  }

  #set(id: number, value: number): void {
    if (id === setting.headerTableSize) {
      if (value < defaultTableBytes) this.mustShrinkTable = true
    } else if (id === setting.enablePush) {
      if (value > 1) throw new ConnectionError(errorCode.protocolError, 'ENABLE_PUSH is 0 or 1')
    } else if (id === setting.initialWindowSize) {
      if (value > maxInteger) {
        throw new ConnectionError(errorCode.flowControlError, 'INITIAL_WINDOW_SIZE is too large')
      }
      this.initialWindowBytes = value
    } else if (id === setting.maxFrameSize) {
      if (value < maxFrameBytes || value > largestFrameBytes) {
        throw new ConnectionError(errorCode.protocolError, 'MAX_FRAME_SIZE is out of its range')
      }
      this.maxFrameBytes = value
    }
  }
}
