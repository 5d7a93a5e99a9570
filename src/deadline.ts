/** A bound on waiting: whoever asked gets an answer before it stops listening. */
import type { WatchClock } from './file-watch.js'

/** Resolves like `work`, or to `late` once the time is over; what `work` does later is ignored. Rejects like `work`. */
export async function within<T>(
  clock: WatchClock,
  budgetMs: number,
  work: Promise<T>,
  late: T,
): Promise<T> {
  if (budgetMs <= 0) {
    work.catch(() => undefined) // Nobody waits for it; unheard, its rejection would end the process.
    return late
  }
  return await new Promise((resolve, reject) => {
    const cancel = clock.after(budgetMs, () => {
      resolve(late)
    })
    work.then(resolve, reject).finally(cancel)
  })
}
