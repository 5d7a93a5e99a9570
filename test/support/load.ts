/** A steady stream of requests, a few at a time, to see whether anything that happens meanwhile costs one. */

export interface Load {
  /** How many answers there were so far, by status; 0 stands for a request without an answer. */
  readonly answers: ReadonlyMap<number, number>
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
  const answers = new Map<number, number>()
  let isStopped = false
  let sent = 0

  async function loop(): Promise<void> {
    while (!isStopped && sent < maxRequests) {
      sent += 1
      const { status } = await send().catch(() => ({ status: 0 }))
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  }

  const loops = Array.from({ length: concurrency }, loop)
  return {
    answers,
    count: () => [...answers.values()].reduce((sum, count) => sum + count, 0),
    async stop() {
      isStopped = true
      await Promise.all(loops)
    },
  }
}
