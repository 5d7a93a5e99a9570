/**
 * A process that asks at a given rate, whether or not it was answered before, and says how long answers took from when each
 * question was due. Arguments: a file with one frame, and where in it to write other bytes for every call, so that each
 * token is another one; without a place all calls are alike. Is sent `{ address, seconds, perSecond }`, or `atOnce` calls
 * in place of a rate, with `isAlone` if it may keep its core busy to ask on time to some microseconds, and `settleSeconds` in
 * which times do not count yet. Answers with the rate it had, times in milliseconds, and how many answers were of which kind.
 */
import { readFileSync } from 'node:fs'
import { callHeaders, callPath } from './check-call.mjs'
import { openFrameClient } from './frame-client.mjs'

const template = readFileSync(process.argv[2])
const place = process.argv[3] === undefined ? undefined : Number(process.argv[3])
/** As many as Envoy has with two worker threads. */
const connections = 2
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
let serial = Math.floor(Math.random() * 2 ** 40)

process.on('message', (order) => {
  void load(order).then((seen) => process.send(seen))
})

async function load({ address, seconds, perSecond, atOnce, isAlone = false, settleSeconds = 0 }) {
  globalThis.gc() // Now, and not while times are taken.
  const clients = await Promise.all(
    Array.from({ length: connections }, () => openFrameClient(address, callPath, callHeaders)),
  )
  const seen = { times: [], kinds: {} }
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1_000
  let asked = 0
  const ask = async (dueAt) => {
    const kind = await call(clients[asked++ % connections])
    seen.kinds[kind] = (seen.kinds[kind] ?? 0) + 1
    if (dueAt - startedAt >= settleSeconds * 1_000) seen.times.push(performance.now() - dueAt)
  }
  if (atOnce === undefined) {
    await atRate({ perSecond, startedAt, endsAt, isAlone }, ask)
  } else {
    const loop = async () => {
      while (performance.now() < endsAt) await ask(performance.now())
    }
    await Promise.all(Array.from({ length: atOnce }, loop))
  }
  for (const client of clients) client.close()
  const sorted = seen.times.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  const tookMs = performance.now() - startedAt
  return {
    ...{ p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999) },
    kinds: seen.kinds,
    perSecond: (asked * 1_000) / tookMs,
  }
}

/**
 * Asks whenever a question is due, and resolves when all are answered. Makes as little garbage as it can between two questions:
 * a pause of this process would be told as one of the server.
 */
async function atRate({ perSecond, startedAt, endsAt, isAlone }, ask) {
  let due = 0
  let open = 0
  await new Promise((resolve) => {
    const answered = () => {
      open -= 1
    }
    const step = () => {
      const now = performance.now()
      for (;;) {
        const dueAt = startedAt + (due * 1_000) / perSecond
        if (dueAt > now || dueAt >= endsAt) break
        due += 1
        open += 1
        void ask(dueAt).then(answered)
      }
      if (open === 0 && now >= endsAt) resolve()
      else if (isAlone) setImmediate(step)
      else setTimeout(step, 1)
    }
    step()
  })
}

/** Makes one call. Resolves to the kind of its answer. */
async function call(client) {
  return await new Promise((resolve) => {
    client.call(place === undefined ? template : otherFrame(), (content) => {
      resolve(content === undefined ? 'failed' : kindOf(content))
    })
  })
}

/** What every answer has in its bytes is what the client is told. */
function kindOf(bytes) {
  if (bytes.includes('Too many requests are waiting')) return 'overloaded'
  if (bytes.includes('The decision took too long')) return 'deadline'
  return bytes.includes('The access token is not valid here') ? 'denied' : 'allowed'
}

function otherFrame() {
  const frame = Buffer.from(template)
  let rest = serial++
  for (let i = 0; i < 8; i++) {
    frame[place + i] = base64url.charCodeAt(rest % 64)
    rest = Math.floor(rest / 64)
  }
  return frame
}
