/** What is measured, with servers started anew: two processes of one program differ more than two rounds of one. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { audience, claims, createIssuer } from './access-tokens.mjs'
import { encodeCheckRequest, frame } from './check-call.mjs'
import { startGateProcess, writeGateConfig } from './gate.mjs'
import { h2load } from './h2load.mjs'
import { nginxQuestion, wrk } from './wrk.mjs'
import { startServer } from './processes.mjs'
import { allows, expectedAnswer, script, startDistinctLoad, startNoOp } from './servers.mjs'

const cachedTokens = 100

/** Prepares the files of a run in a directory. `distinctTokens` must be far more than the cold gate remembers. */
export async function prepareFiles(directory, distinctTokens) {
  const file = (name) => join(directory, name)
  const issuer = await createIssuer()
  const tokens = await issuer.sign(distinctTokens)
  const requests = tokens.map(encodeCheckRequest)
  writeGateConfig(file('warm.yaml'), issuer)
  writeGateConfig(file('cold.yaml'), issuer, { limits: { maxCachedTokens: cachedTokens } })
  writeGateConfig(file('5-issuers.yaml'), issuer, { otherIssuers: 4 })
  writeGateConfig(file('5000-issuers.yaml'), issuer, { otherIssuers: 4_999 })
  writeFileSync(file('request'), requests[0])
  writeFileSync(file('warm'), frame(requests[0]))
  writeFileSync(file('no-token'), frame(encodeCheckRequest(undefined)))
  writeFileSync(file('distinct'), Buffer.concat(requests.map(frame)))
  return { file, issuer, request: requests[0], token: tokens[0], tokenLength: tokens[0].length }
}

/** Connections, and calls at a time on each. */
const warmLoads = [
  [2, 32],
  [1, 100],
  [8, 8],
]
const names = {
  warm: warmLoads.map(
    ([connections, streams]) => `warm token, -c ${String(connections)} -m ${String(streams)}`,
  ),
  noToken: 'no token (401), -c 2 -m 32',
  distinct: 'distinct tokens, 2 × 32',
  issuers: '5,000 issuers, no-op: 5',
  introspected: 'introspected token, no-op: JWT',
  nginx: [2, 32].map((connections) => `NGINX door, warm token, -c ${String(connections)}`),
}

/** The main scenarios, which are measured with servers started anew several times. See groups.mjs. */
export const mainGroup = { names: Object.values(names).flat(), start }

async function start({ file, issuer, request, token }, keep, { warmUpRequests }) {
  const gate = await keep(startGateProcess(file('warm.yaml'), file('gate.log')))
  const coldGate = await keep(startGateProcess(file('cold.yaml'), file('cold-gate.log')))
  const allow = await expectedAnswer(gate, request, allows)
  const noToken = encodeCheckRequest(undefined)
  const refusal = await expectedAnswer(gate, noToken, ({ httpStatus }) => httpStatus === 401)
  const noOp = await keep(startNoOp(file, 'no-op', allow))
  const noOpRefusal = await keep(startNoOp(file, 'no-op-refusal', refusal))
  // A gate behind NGINX serves no Envoy beside it.
  const nginxGate = await keep(startGateProcess(file('warm.yaml'), file('nginx-gate.log')))
  await expectedAnswer(nginxGate, request, allows)
  const bare = await keep(startServer(script('bare-http-server.mjs'), [], file('bare-http.log')))
  const client = await keep(startDistinctLoad(file('distinct')))
  const fewIssuers = await keep(startGateProcess(file('5-issuers.yaml'), file('few.log')))
  const manyIssuers = await keep(startGateProcess(file('5000-issuers.yaml'), file('many.log')))
  for (const one of [fewIssuers, manyIssuers]) {
    await expectedAnswer(one, request, allows)
  }
  const asking = await startAskingGates({ file, issuer, request, keep })
  const warm = { gate, noOp, answerLength: allow.length, warmUpRequests }
  return [
    ...warmLoads.map(([connections, streams], index) => ({
      ...warm,
      name: names.warm[index],
      load: h2load(file('warm'), connections, streams),
      // The first one warms up for the others.
      warmUpRequests: index === 0 ? warmUpRequests : warmUpRequests / 5,
      mustNotCount: 'misses',
    })),
    {
      ...{ gate, noOp: noOpRefusal, answerLength: refusal.length, warmUpRequests },
      name: names.noToken,
      load: h2load(file('no-token'), 2, 32),
    },
    {
      ...{ ...warm, gate: coldGate, warmUpRequests: warmUpRequests / 4 },
      name: names.distinct,
      load: client.load,
      mustNotCount: 'hits',
    },
    {
      ...{ ...warm, gate: manyIssuers, noOp: fewIssuers, warmUpRequests },
      name: names.issuers,
      load: h2load(file('warm'), 2, 32),
      mustNotCount: 'misses',
    },
    {
      ...{ ...warm, gate: asking.byOpaque, noOp: asking.byJwt, warmUpRequests },
      name: names.introspected,
      load: asking.load,
      mustNotCount: 'misses',
    },
    ...[2, 32].map((connections, index) => ({
      ...{ gate: nginxGate, noOp: bare, door: 'http', warmUpRequests },
      name: names.nginx[index],
      load: wrk('/nginx', nginxQuestion(token), connections),
      mustNotCount: 'misses',
    })),
  ]
}

/** Two gates of one configuration that knows both kinds of tokens: one is asked with an opaque token, one with a JWT. */
async function startAskingGates({ file, issuer, request, keep }) {
  const exp = Math.floor(Date.now() / 1_000) + 3_600
  const answer = JSON.stringify({ active: true, iss: issuer.issuer, aud: audience, exp, ...claims })
  const endpoint = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  })
  await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  await keep({ stop: async () => await new Promise((resolve) => endpoint.close(resolve)) })
  writeFileSync(file('secret'), randomUUID())
  writeGateConfig(file('asking.yaml'), issuer, {
    introspection: {
      endpoint: `http://127.0.0.1:${String(endpoint.address().port)}/`,
      clientId: 'gate',
      clientSecretFile: file('secret'),
      cacheSeconds: 300, // The most that can be said; a generation of servers is younger.
    },
  })
  const opaque = encodeCheckRequest(`bench_${randomUUID()}${randomUUID()}`)
  writeFileSync(file('opaque'), frame(opaque))
  const byOpaque = await keep(startGateProcess(file('asking.yaml'), file('opaque.log')))
  const byJwt = await keep(startGateProcess(file('asking.yaml'), file('jwt.log')))
  const [one, other] = [
    await expectedAnswer(byOpaque, opaque, allows),
    await expectedAnswer(byJwt, request, allows),
  ]
  if (one.length !== other.length) throw new Error('the two kinds of tokens get other answers')
  const loads = new Map([
    [byOpaque.grpc, h2load(file('opaque'), 2, 32)],
    [byJwt.grpc, h2load(file('warm'), 2, 32)],
  ])
  return { byOpaque, byJwt, load: async (at, requests) => await loads.get(at)(at, requests) }
}
