/** The way to the store in Redis for who has one: its client takes a tenth of a start, and most gates have none. */
import type { RedisStore, RedisStoreOptions } from './redis-store.js'

/** A store in Redis, with its client loaded now. Nothing is connected before `start`. Rejects when the installation is not whole. */
export async function createRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const module = await import('./redis-store.js')
  return new module.RedisStore(options)
}
