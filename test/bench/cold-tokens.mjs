/**
 * Tokens that the gate has not seen: every one new, by algorithm, and the mixture of a real crowd, of whom a few ask most.
 * The load is a Node.js client, which takes longer for a call than a warm gate does; so only figures by processor time say
 * what a check costs here.
 */
import { writeFileSync } from 'node:fs'
import { createIssuer } from './access-tokens.mjs'
import { encodeCheckRequest, frame } from './check-call.mjs'
import { startGateProcess, writeGateConfig } from './gate.mjs'
import { allows, expectedAnswer, startDistinctLoad, startNoOp } from './servers.mjs'

const algorithms = ['RS256', 'ES256', 'EdDSA']
const coldName = (algorithm) => `cold ${algorithm}, no-op: warm ${algorithm}`
/** The commonest algorithm, beside what costs nothing but its transport. */
const coldBesideNoOpName = 'cold RS256, no-op: grpc-js'
const zipfName = 'Zipf over all tokens, no-op: grpc-js'
/** Far fewer than there are tokens, so that none is known when its turn comes again. */
const cachedTokens = 100
/** Every token is to be verified, also after the machine stood still: whoever is refused asks again at once, and so makes a flood. */
const limits = { maxCachedTokens: cachedTokens, maxQueueMs: 60_000 }
/** As many turns as all rounds of a run take together. */
const zipfTurns = 400_000

/** For each algorithm a gate that forgets beside one that is asked with one token only; for the commonest, beside a no-op too. */
export const coldGroup = {
  names: [...algorithms.map(coldName), coldBesideNoOpName],
  start: async ({ file }, keep, { distinctTokens, warmUpRequests }) => {
    const scenarios = []
    for (const algorithm of algorithms) {
      const issuer = await createIssuer(algorithm)
      const requests = (await issuer.sign(distinctTokens)).map(encodeCheckRequest)
      const name = (part) => file(`${algorithm}-${part}`)
      writeFileSync(name('distinct'), Buffer.concat(requests.map(frame)))
      writeFileSync(name('same'), frame(requests[0]))
      writeGateConfig(name('gate.yaml'), issuer, { limits })
      const cold = await keep(startGateProcess(name('gate.yaml'), name('cold.log')))
      const warm = await keep(startGateProcess(name('gate.yaml'), name('warm.log')))
      const distinct = await keep(startDistinctLoad(name('distinct')))
      const same = await keep(startDistinctLoad(name('same')))
      const answer = await expectedAnswer(warm, requests[0], allows)
      scenarios.push({
        ...{ name: coldName(algorithm), gate: cold, noOp: warm, answerLength: answer.length },
        warmUpRequests: warmUpRequests / 8,
        load: async (address, count) =>
          await (address === cold.grpc ? distinct : same).load(address, count),
        mustNotCount: 'hits',
      })
      if (algorithm === 'RS256') {
        const noOp = await keep(startNoOp(file, 'cold-no-op', answer))
        scenarios.push({
          ...{ name: coldBesideNoOpName, gate: cold, noOp, answerLength: answer.length },
          ...{ warmUpRequests: warmUpRequests / 2, load: distinct.load, mustNotCount: 'hits' },
        })
      }
    }
    return scenarios
  },
}

/** A gate with the cache of its defaults, whose callers are as many as it can remember; the first asks most. */
export const zipfGroup = {
  names: [zipfName],
  start: async ({ file }, keep, { rememberedTokens, warmUpRequests }) => {
    const { issuer, first } = await prepareCrowd(file, rememberedTokens)
    writeGateConfig(file('zipf.yaml'), issuer)
    const gate = await keep(startGateProcess(file('zipf.yaml'), file('zipf.log')))
    const answer = await expectedAnswer(gate, first, allows)
    const noOp = await keep(startNoOp(file, 'zipf-no-op', answer))
    const { load } = await keep(startDistinctLoad(file('crowd'), file('crowd-turns')))
    return [
      {
        ...{ name: zipfName, gate, noOp, answerLength: answer.length, load },
        warmUpRequests: warmUpRequests / 4,
      },
    ]
  },
}

let crowd

/**
 * Writes `crowd`, the frames of so many tokens, and `crowd-turns`, in which the n-th of them comes with a likelihood of 1/n.
 * Is done once in a run. ES256, because it is signed in a tenth of the time.
 */
export async function prepareCrowd(file, tokens) {
  crowd ??= createCrowd(file, tokens)
  return await crowd
}

async function createCrowd(file, tokens) {
  console.log(`bench: signing ${tokens.toLocaleString('en-US')} access tokens`)
  const issuer = await createIssuer('ES256')
  const requests = (await issuer.sign(tokens)).map(encodeCheckRequest)
  writeFileSync(file('crowd'), Buffer.concat(requests.map(frame)))
  writeFileSync(file('crowd-turns'), zipf(tokens))
  return { issuer, first: requests[0] }
}

/** Turns of Zipf's law with exponent 1, as 32-bit numbers; the same in every run. */
function zipf(tokens) {
  const sums = new Float64Array(tokens)
  let sum = 0
  for (let index = 0; index < tokens; index++) sums[index] = sum += 1 / (index + 1)
  const turns = Buffer.alloc(zipfTurns * 4)
  let seed = 1
  for (let turn = 0; turn < zipfTurns; turn++) {
    // A linear congruential generator of 32 bits (Numerical Recipes): good enough to deal cards with.
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    turns.writeUInt32LE(indexOf(sums, (seed / 2 ** 32) * sum), turn * 4)
  }
  return turns
}

/** The first whose sum is above the value. */
function indexOf(sums, value) {
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle] > value) high = middle
    else low = middle + 1
  }
  return low
}
