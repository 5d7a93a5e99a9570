/** A steady stream of requests, a few at a time, to see whether anything that happens meanwhile costs one. */

export interface Load {
  /** Every answer so far that was not a 200; status 0 stands for a request without an answer. */
  readonly failures: readonly { readonly status: number; readonly startedAtMs: number }[]
  /** Answers in all. */
  count(): number
  /** Sends no more and resolves when the last answer is there. */
  readonly stop: () => Promise<void>
}

/** Starts `concurrency` loops that send one request after another, at most `maxRequests` together. */
export function startLoad(
  send: () => Promise<{ readonly status: number }>,
  concurrency = 8,
  maxRequests = 100_000,
): Load {
  const failures: Load['failures'][number][] = []
  let answered = 0
  let isStopped = false
  let sent = 0

  async function loop(): Promise<void> {
    while (!isStopped && sent < maxRequests) {
      sent += 1
      const startedAtMs = performance.now()
      const { status } = await send().catch(() => ({ status: 0 }))
      answered += 1
      if (status !== 200) failures.push({ status, startedAtMs })
    }
  }

  const loops = Array.from({ length: concurrency }, loop)
  return {
    failures,
    count: () => answered,
    async stop() {
      isStopped = true
      await Promise.all(loops)
    },
  }
}
