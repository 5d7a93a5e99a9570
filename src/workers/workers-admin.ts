/**
 * What the one admin port says of all workers.
 *
 * The rules are:
 *   - the gate is ready while one worker is: connections go to those that listen, and one that is not ready does not;
 *   - a component is ready when it is in every worker that has opened its doors, while there are such; the component
 *     `workers` says how many are ready;
 *   - `/issuers` and `/revocations` are answered by one worker, the oldest that is ready.
 */
import type { RevocationAnswer } from '../revocation/index.js'
import {
  type AdminPage,
  type AdminSources,
  type ReadinessComponent,
  type ReadinessReport,
  type WorkerMetrics,
} from '../telemetry/index.js'
import type { WorkerPool } from './worker-pool.js'
import type { Worker } from './worker.js'

const answerMs = 2_000
/** Longer than a store of revocations may take. */
const revocationMs = 15_000
const maxBodyBytes = 16_384

/** The sources of the admin port. */
export function workersAdminSources(pool: WorkerPool, metrics: WorkerMetrics): AdminSources {
  return {
    registry: {
      contentType: metrics.contentType,
      async metrics() {
        await Promise.all(
          pool.attached.map(async ({ number, channel }) => {
            const figures = await channel.ask('figures', undefined, answerMs).catch(() => undefined)
            if (figures !== undefined && pool.has(number)) metrics.said(number, figures)
          }),
        )
        return await metrics.metrics()
      },
    },
    readiness: {
      report: async () => await report(pool),
    },
    issuers: async () =>
      (await askOne(pool, (worker) => worker.channel.ask('issuers', undefined, answerMs))) ?? [],
  }
}

/** The page `/revocations`. */
export function workersRevocationPage(pool: WorkerPool): AdminPage {
  return {
    methods: ['GET', 'HEAD', 'POST'],
    maxBodyBytes,
    async answer({ method, authorization, body }): Promise<RevocationAnswer> {
      const question = { method, authorization, body: await body() }
      const [worker] = pool.attached
      const answer = await worker?.channel
        .ask('revocations', question, revocationMs)
        .catch(() => undefined)
      // Fail closed: whoever revoked has to know that it may not be in force.
      return answer ?? noWorker
    },
  }
}

const noWorker: RevocationAnswer = {
  status: 503,
  headers: { 'cache-control': 'no-store', 'retry-after': '1' },
  body: { message: 'no worker answers: send it again' },
}

/** The answer of the first worker that has one. */
async function askOne(
  pool: WorkerPool,
  ask: (worker: Worker) => Promise<unknown>,
): Promise<unknown> {
  for (const worker of pool.attached) {
    const answer = await ask(worker).catch(() => undefined)
    if (answer !== undefined) return answer
  }
  return undefined
}

async function report(pool: WorkerPool): Promise<ReadinessReport> {
  const asked = pool.attached
  const reports = await Promise.all(
    asked.map(
      async ({ channel }) =>
        await channel.ask('readiness', undefined, answerMs).catch(() => undefined),
    ),
  )
  const answered = reports.filter((one) => one !== undefined)
  const ready = answered.filter((one) => one.ready).length
  const silent = asked.filter((_, at) => reports[at] === undefined)
  const details = [
    `${String(ready)} of ${String(pool.counts().wanted)} are ready`,
    ...silent.map(({ number }) => `worker ${String(number)} does not answer`),
  ]
  const components = new Map<string, ReadinessComponent>()
  components.set('workers', { ready: ready > 0, detail: details.join('; ') })
  const open = answered.filter((_, at) => asked[at]?.isListening === true)
  for (const one of open.length > 0 ? open : answered) {
    for (const [name, component] of Object.entries(one.components)) {
      const before = components.get(name)
      if (before === undefined || isWorse(component, before)) components.set(name, component)
    }
  }
  return { ready: ready > 0, components: Object.fromEntries(components) }
}

/** Not ready is worse than ready, and something to say is worse than nothing. */
function isWorse(a: ReadinessComponent, b: ReadinessComponent): boolean {
  if (a.ready !== b.ready) return !a.ready
  return a.detail !== undefined && b.detail === undefined
}
