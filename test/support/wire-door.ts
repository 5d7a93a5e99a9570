/** A door for every test of a file, the peers that a test connects to it, and decisions that wait until a test lets them go. */
import { afterEach, beforeEach, expect } from 'vitest'
import type { Decision } from '../../src/check/index.js'
import { decodeCheckResponse } from './check-client.js'
import { testAllow } from './decisions.js'
import { check, type Setting } from './http2-frames.js'
import { connectPeer, connectSilent, type Http2Peer } from './http2-peer.js'
import { startTestDoor, type TestDoor } from './test-door.js'

/** What a test has. */
export interface WireDoor {
  /** How many checks the door was asked for. */
  readonly asked: number
  readonly port: number
  /** A client of its own that has sent its preface with these settings. */
  peer(...settings: readonly Setting[]): Promise<Http2Peer>
  /** A client of its own that has sent nothing. */
  silentPeer(): Promise<Http2Peer>
  /** From now on decisions wait. */
  hold(): void
  /** Decides what waits, and all that comes. */
  release(): void
  /** Ends the door within so many milliseconds. */
  close(graceMs: number): Promise<void>
  /** From now on an answer has at least so many octets. */
  enlarge(bytes: number): void
}

/** Opens a door before each test of the file; after it, ends it, and fails the test when anything was thrown. */
export function useWireDoor(): WireDoor {
  let door: TestDoor
  let peers: Http2Peer[] = []
  let waiting: (() => void)[] = []
  let isHeld = false
  let asked = 0
  let answerBytes = 0
  const uncaught: unknown[] = []
  const remember = (fault: unknown): void => {
    uncaught.push(fault)
  }

  function decide(): Decision | Promise<Decision> {
    asked += 1
    const allow = testAllow()
    const large = { name: 'x-large', value: 'a'.repeat(answerBytes) }
    const identityHeaders = { ...allow.identityHeaders, headers: [large] }
    const decision = answerBytes === 0 ? allow : { ...allow, identityHeaders }
    if (!isHeld) return decision
    return new Promise((resolve) => {
      waiting.push(() => {
        resolve(decision)
      })
    })
  }

  function letGo(): void {
    isHeld = false
    for (const resolve of waiting.splice(0)) resolve()
  }

  async function keep(connecting: Promise<Http2Peer>): Promise<Http2Peer> {
    const peer = await connecting
    peers.push(peer)
    return peer
  }

  function port(): number {
    return Number(door.address.split(':').at(-1))
  }

  beforeEach(async () => {
    process.on('uncaughtException', remember)
    ;[peers, waiting, isHeld, asked, answerBytes] = [[], [], false, 0, 0]
    door = await startTestDoor({ check: decide })
  })

  afterEach(async () => {
    letGo()
    for (const peer of peers) peer.destroy()
    await door.close(0)
    process.off('uncaughtException', remember)
    expect(uncaught.splice(0)).toEqual([])
    expect(door.faults).toEqual([])
  })

  return {
    get asked() {
      return asked
    },
    get port() {
      return port()
    },
    peer: async (...settings) => await keep(connectPeer(port(), ...settings)),
    silentPeer: async () => await keep(connectSilent(port())),
    hold: () => (isHeld = true),
    release: letGo,
    close: async (graceMs) => {
      await door.close(graceMs)
    },
    enlarge: (bytes) => (answerBytes = bytes),
  }
}

/** Makes a Check on a stream that has not been used, and sees that it is allowed. */
export async function expectServed(peer: Http2Peer, stream: number): Promise<void> {
  peer.send(check(stream))
  await expectAllowed(peer, stream)
}

/** Sees that the Check on a stream is allowed. */
export async function expectAllowed(peer: Http2Peer, stream: number): Promise<void> {
  const { body } = await peer.answer(stream)
  expect(decodeCheckResponse(body.subarray(5)).kind).toBe('ok')
}
