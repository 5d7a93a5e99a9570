/** What is measured, with servers started anew: two processes of one program differ more than two rounds of one. */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { audience, claims, createIssuer } from './access-tokens.mjs'
import { callOnce, encodeCheckRequest, frame } from './check-call.mjs'
import { startGateProcess, writeGateConfig } from './gate.mjs'
import { h2load } from './h2load.mjs'
import { nginxQuestion, wrk } from './wrk.mjs'
import { onServerCore, run, startServer } from './processes.mjs'

const script = (name) => fileURLToPath(new URL(name, import.meta.url))
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

/** Starts the servers, asks the gates once whether they answer as they should, and lists the scenarios. */
export async function startScenarios(
  { file, issuer, request, token },
  { warmLoads, warmUpRequests },
) {
  const started = []
  const keep = async (starting) => {
    const server = await starting
    started.push(server)
    return server
  }
  const startNoOp = async (name, answer) => {
    writeFileSync(file(name), answer)
    return await keep(startServer(script('no-op-server.mjs'), [file(name)], file(`${name}.log`)))
  }
  const stop = async () => await Promise.all(started.map(async (server) => await server.stop()))
  try {
    const gate = await keep(startGateProcess(file('warm.yaml'), file('gate.log')))
    const coldGate = await keep(startGateProcess(file('cold.yaml'), file('cold-gate.log')))
    const allow = await expectedAnswer(gate, request, ({ isAllow }) => isAllow)
    const noToken = encodeCheckRequest(undefined)
    const refusal = await expectedAnswer(gate, noToken, ({ httpStatus }) => httpStatus === 401)
    const noOp = await startNoOp('no-op', allow)
    const noOpRefusal = await startNoOp('no-op-refusal', refusal)
    // A gate behind NGINX serves no Envoy beside it.
    const nginxGate = await keep(startGateProcess(file('warm.yaml'), file('nginx-gate.log')))
    await expectedAnswer(nginxGate, request, ({ isAllow }) => isAllow)
    const bare = await keep(startServer(script('bare-http-server.mjs'), [], file('bare-http.log')))
    const client = await keep(startDistinctLoad(file('distinct')))
    const fewIssuers = await keep(startGateProcess(file('5-issuers.yaml'), file('few.log')))
    const manyIssuers = await keep(startGateProcess(file('5000-issuers.yaml'), file('many.log')))
    for (const one of [fewIssuers, manyIssuers]) {
      await expectedAnswer(one, request, ({ isAllow }) => isAllow)
    }
    const asking = await startAskingGates({ file, issuer, request, keep })
    const warm = { gate, noOp, answerLength: allow.length, warmUpRequests }
    return {
      stop,
      scenarios: [
        ...warmLoads.map(([connections, streams], index) => ({
          ...warm,
          name: `warm token, -c ${String(connections)} -m ${String(streams)}`,
          load: h2load(file('warm'), connections, streams),
          // The first one warms up for the others.
          warmUpRequests: index === 0 ? warmUpRequests : warmUpRequests / 5,
          mustNotCount: 'misses',
        })),
        {
          ...{ gate, noOp: noOpRefusal, answerLength: refusal.length, warmUpRequests },
          name: 'no token (401), -c 2 -m 32',
          load: h2load(file('no-token'), 2, 32),
        },
        {
          ...{ ...warm, gate: coldGate, warmUpRequests: warmUpRequests / 4 },
          name: 'distinct tokens, 2 × 32',
          load: client.load,
          mustNotCount: 'hits',
        },
        {
          ...{ ...warm, gate: manyIssuers, noOp: fewIssuers, warmUpRequests },
          name: '5,000 issuers, no-op: 5',
          load: h2load(file('warm'), 2, 32),
          mustNotCount: 'misses',
        },
        {
          ...{ ...warm, gate: asking.byOpaque, noOp: asking.byJwt, warmUpRequests },
          name: 'introspected token, no-op: JWT',
          load: asking.load,
          mustNotCount: 'misses',
        },
        ...[2, 32].map((connections) => ({
          ...{ gate: nginxGate, noOp: bare, door: 'http', warmUpRequests },
          name: `NGINX door, warm token, -c ${String(connections)}`,
          load: wrk('/nginx', nginxQuestion(token), connections),
          mustNotCount: 'misses',
        })),
      ],
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Microseconds of a warm check in process, by round, in a process of its own. */
export async function measureInProcess({ file }, rounds) {
  const args = [file('warm.yaml'), file('request'), '50000', String(rounds)]
  const command = onServerCore(process.execPath, script('in-process.mjs'), ...args)
  return JSON.parse(await run(...command)).usPerCheck
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
  const isAllow = (one) => one.isAllow
  const [one, other] = [
    await expectedAnswer(byOpaque, opaque, isAllow),
    await expectedAnswer(byJwt, request, isAllow),
  ]
  if (one.length !== other.length) throw new Error('the two kinds of tokens get other answers')
  const loads = new Map([
    [byOpaque.grpc, h2load(file('opaque'), 2, 32)],
    [byJwt.grpc, h2load(file('warm'), 2, 32)],
  ])
  return { byOpaque, byJwt, load: async (at, requests) => await loads.get(at)(at, requests) }
}

/** Mebibytes of a gate before and after it has remembered so many tokens, each of which it verified. */
export async function measureMemory(directory, tokens) {
  const file = (name) => join(directory, name)
  const issuer = await createIssuer('ES256')
  const requests = (await issuer.sign(tokens)).map(encodeCheckRequest)
  writeFileSync(file('remembered'), Buffer.concat(requests.map(frame)))
  writeGateConfig(file('memory.yaml'), issuer, {
    limits: { maxCachedTokens: tokens, maxCacheBytes: 1_073_741_824 },
  })
  const gate = await startGateProcess(file('memory.yaml'), file('memory.log'))
  const client = await startDistinctLoad(file('remembered'))
  try {
    const before = gate.rssMiB()
    const { failures } = await client.load(gate.grpc, tokens)
    const { misses } = await gate.cacheCounts()
    if (failures > 0 || misses !== tokens) throw new Error('not every token was remembered')
    return { tokens, before, after: gate.rssMiB() }
  } finally {
    await Promise.all([client.stop(), gate.stop()])
  }
}

/** Asks twice, so that the token is known. Resolves to the bytes of the second answer. */
async function expectedAnswer(server, request, isExpected) {
  await callOnce(server.grpc, request)
  const answer = await callOnce(server.grpc, request)
  if (!isExpected(answer)) throw new Error('the gate gave an answer that was not expected')
  return answer.bytes
}

async function startDistinctLoad(framesFile) {
  const child = fork(script('distinct-load.mjs'), [framesFile])
  const next = async (event) => await new Promise((resolve) => child.once(event, resolve))
  return {
    load: async (address, requests) => {
      child.send({ address, requests })
      return await next('message')
    },
    stop: async () => {
      const exited = next('exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
