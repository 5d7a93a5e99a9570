/** What key sets get from outside in a test that has a network and no files. */
import type { KeySetsDependencies } from '../../src/jwks/index.js'

/** Access by this `fetch` alone; a file that is read is a fault of the test. */
export function networkOnly(
  { wallMs }: Pick<KeySetsDependencies['clock'], 'wallMs'>,
  fetch: ReturnType<KeySetsDependencies['access']>['fetch'],
): KeySetsDependencies['access'] {
  return ({ timeoutMs, allowInsecure }) => ({
    fetch,
    timeoutMs,
    allowInsecure,
    wallMs,
    readFile: async () => {
      throw new Error('no file is read here')
    },
  })
}
