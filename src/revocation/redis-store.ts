/**
 * The store in Redis or Valkey: a key for each entry, which ends by the server's own clock, and a channel for news.
 *
 * The rules are:
 *   - two connections, because one that listens to a channel can do little else; the store is connected while both are;
 *   - who listens first and reads then misses nothing;
 *   - reconnecting goes on for ever, at most a second apart, and not all replicas at the same moment;
 *   - no command waits for a connection: without one it fails at once, and after two seconds in any case.
 */
import { Redis, type RedisOptions } from 'ioredis'
import type { RevocationStore, StoreListener } from './revocation-store.js'

/** Where the server is, and how to get in. */
export interface RedisStoreOptions {
  /** `redis://` or `rediss://`, without a password. */
  readonly url: string
  readonly password: string | undefined
  /** PEM of the CA that signed the server's certificate; undefined for the CAs that Node trusts. */
  readonly caCertificate: string | undefined
  readonly keyPrefix: string
  /** From 0 to 1. */
  readonly random: () => number
}

const commandTimeoutMs = 2_000
const silenceMs = 2_000
const connectTimeoutMs = 2_000
const lastReconnectMs = 1_000
const scanCount = 1_000

/** A store in Redis. Nothing is connected before `start`. */
export class RedisStore implements RevocationStore {
  readonly #keyPrefix: string
  readonly #channel: string
  readonly #commands: Redis
  readonly #news: Redis

  constructor({ url, password, caCertificate, keyPrefix, random }: RedisStoreOptions) {
    const options: RedisOptions = {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: commandTimeoutMs,
      socketTimeout: silenceMs,
      connectTimeout: connectTimeoutMs,
      retryStrategy: () => lastReconnectMs * (0.3 + 0.7 * random()),
      connectionName: 'scopegate',
      ...(password === undefined ? {} : { password }),
      ...serverOf(url, caCertificate),
    }
    this.#commands = new Redis(options)
    this.#news = new Redis(options)
    this.#keyPrefix = `${keyPrefix}entry:`
    // News are not kept apart by database, so its number is part of the name.
    this.#channel = `${keyPrefix}news:${String(this.#news.options.db ?? 0)}`
  }

  start(listener: StoreListener): void {
    let isReadyForCommands = false
    let isListening = false
    const update = (): void => {
      if (isReadyForCommands && isListening) listener.connected()
    }
    this.#commands.on('ready', () => {
      isReadyForCommands = true
      update()
    })
    this.#news.on('ready', () => {
      this.#news.subscribe(this.#channel).then(
        () => {
          isListening = true
          update()
        },
        (fault: unknown) => {
          listener.lost(describe(fault))
          this.#news.disconnect(true)
        },
      )
    })
    this.#news.on('message', (channel: string, text: string) => {
      if (channel === this.#channel) listener.pushed(text)
    })
    const lost = (fault: string): void => {
      isReadyForCommands &&= this.#commands.status === 'ready'
      isListening &&= this.#news.status === 'ready'
      listener.lost(fault)
    }
    for (const connection of [this.#commands, this.#news]) {
      let fault = 'the connection was closed'
      connection.on('error', (error: unknown) => {
        fault = describe(error)
      })
      connection.on('close', () => {
        lost(fault)
      })
      // Rejects with what was told to the listeners above; trying goes on.
      connection.connect().catch(() => undefined)
    }
  }

  async readAll(each: (text: string) => void): Promise<void> {
    let cursor = '0'
    do {
      const [next, keys] = await this.#commands.scan(
        cursor,
        'MATCH',
        `${this.#keyPrefix}*`,
        'COUNT',
        scanCount,
      )
      const texts = keys.length === 0 ? [] : await this.#commands.mget(keys)
      for (const text of texts) {
        if (text !== null) each(text)
      }
      cursor = next
    } while (cursor !== '0')
  }

  async put(name: string, text: string, ttlMs: number): Promise<void> {
    const results = await this.#commands
      .multi()
      .set(`${this.#keyPrefix}${name}`, text, 'PX', ttlMs)
      .publish(this.#channel, text)
      .exec()
    const fault = results === null ? new Error('the store gave up') : results.find(([e]) => e)?.[0]
    if (fault) throw fault
  }

  async ping(): Promise<void> {
    const pings = [this.#commands, this.#news]
      .filter(({ status }) => status === 'ready')
      .map(async (connection) => await connection.ping())
    await Promise.allSettled(pings) // What went silent is cut off, and that is told.
  }

  close(): void {
    this.#commands.disconnect()
    this.#news.disconnect()
  }
}

/** The server that a URL names, taken apart here so that nothing else in it means anything. */
function serverOf(url: string, caCertificate: string | undefined): RedisOptions {
  const { protocol, hostname, port, username, pathname } = new URL(url)
  const database = /^\/(\d+)$/.exec(pathname)?.[1]
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6_379 : Number(port),
    family: 0,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(database === undefined ? {} : { db: Number(database) }),
    ...(protocol === 'rediss:'
      ? { tls: caCertificate === undefined ? {} : { ca: caCertificate } }
      : {}),
  }
}

/** Messages of the server and of sockets name no password; the commands that they carry could. */
function describe(fault: unknown): string {
  const message = fault instanceof Error ? fault.message : 'the connection failed'
  return message === '' && fault instanceof Error ? fault.name : message
}
