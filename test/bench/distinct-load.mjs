/**
 * A process that makes load in which every call carries another token, which h2load cannot send. It lives as long as
 * the run, because a Node.js client has to warm up as well. Arguments: a file of frames, one after the other, and a file
 * of their numbers, 32 bits each, in the order in which they are sent; without it they take turns. Is sent `{ address, requests }` and answers with what h2load.mjs resolves to.
 */
import { readFileSync } from 'node:fs'
import { callHeaders, callPath } from './check-call.mjs'
import { openFrameClient } from './frame-client.mjs'

const connections = 2
const streams = 32
const frames = splitFrames(readFileSync(process.argv[2]))
const turns =
  process.argv[3] === undefined ? frames.map((_, index) => index) : readTurns(process.argv[3])
/** By address: turns that another server takes must not bring back what this one saw last. */
const nextTurns = new Map()

process.on('message', ({ address, requests }) => {
  void load(address, requests).then((seen) => process.send(seen))
})

async function load(address, requests) {
  const seen = { left: requests, failures: 0, answerBytes: 0 }
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = await openFrameClient(address, callPath, callHeaders)
      await Promise.all(
        Array.from({ length: streams }, async () => {
          while (seen.left > 0) {
            seen.left -= 1
            await call(client, takeFrame(address), seen)
          }
        }),
      )
      client.close()
    }),
  )
  const perSecond = (requests * 1_000) / (performance.now() - startedAt)
  return { perSecond, failures: seen.failures, answerBytes: seen.answerBytes }
}

function takeFrame(address) {
  const next = nextTurns.get(address) ?? 0
  nextTurns.set(address, (next + 1) % turns.length)
  return frames[turns[next]]
}

async function call(client, frame, seen) {
  await new Promise((resolve) => {
    client.call(frame, (content) => {
      if (content === undefined) seen.failures += 1
      else seen.answerBytes += content.length
      resolve()
    })
  })
}

function readTurns(file) {
  const bytes = readFileSync(file)
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4))
}

function splitFrames(bytes) {
  const list = []
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
    list.push(bytes.subarray(at, at + 5 + bytes.readUInt32BE(at + 1)))
  }
  return list
}
