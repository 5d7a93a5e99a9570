/** A revocation service whose clock, files and store a test decides. */
import { RevocationService, type RevocationOptions } from '../../src/revocation/index.js'
import type { RevocationStore, StoreListener } from '../../src/revocation/revocation-store.js'
import { createFakeClock, type FakeClock } from './fake-clock.js'
import { createTestObserver } from './revocations.js'
import { until } from './until.js'

/** The content of the file `admin-token`. */
export const adminToken = 'correct-horse-battery-staple-0123456789'

export interface RevocationWorld {
  readonly clock: FakeClock
  readonly files: Record<string, string>
  readonly observer: ReturnType<typeof createTestObserver>
  /** What the service told the store to listen with; undefined before its start. */
  listener: StoreListener | undefined
  /** What the store does with an entry. */
  put: () => Promise<void>
  /** What the other workers do with an entry. */
  tellWorkers: () => Promise<void>
  create(changes?: Partial<RevocationOptions>, withStore?: boolean): RevocationService
  /** Creates one with a store, and waits until it has read it. */
  startWithStore(changes?: Partial<RevocationOptions>): Promise<RevocationService>
}

export function createRevocationWorld(): RevocationWorld {
  const store: RevocationStore = {
    start(next) {
      world.listener = next
    },
    readAll: async () => undefined,
    put: async () => {
      await world.put()
    },
    ping: async () => undefined,
    close: () => undefined,
  }
  async function read(path: string): Promise<string> {
    const text = world.files[path]
    if (text === undefined) throw new Error(`no ${path}`)
    return text
  }
  const world: RevocationWorld = {
    clock: createFakeClock(),
    files: { 'admin-token': `${adminToken}\n`, 'revoked.yaml': '[]' },
    observer: createTestObserver(),
    listener: undefined,
    put: async () => undefined,
    tellWorkers: async () => undefined,
    create: (changes = {}, withStore = false) =>
      new RevocationService(
        {
          file: undefined,
          adminTokenFile: 'admin-token',
          redis: undefined,
          onStoreLoss: 'serve',
          maxAwayMs: 5_000,
          maxEntries: 2,
          ...changes,
        },
        {
          clock: world.clock,
          random: () => 0,
          issuers: [{ id: 'main', issuer: 'https://main.example' }],
          store: withStore ? store : undefined,
          readTextFile: read,
          fingerprint: read,
          observer: world.observer,
          tellWorkers: async () => {
            await world.tellWorkers()
          },
        },
      ),
    async startWithStore(changes) {
      const service = world.create(changes, true)
      const started = service.start()
      world.listener?.connected()
      await started
      await until(() => service.isStoreUp === true)
      return service
    },
  }
  return world
}
