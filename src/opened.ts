/** What is open already, so that it can be closed when the next one cannot be opened. */
export class Opened {
  readonly #servers: { close(graceMs: number): Promise<void> }[] = []

  /** Waits for a server that opens; undefined is none. Rejects like `opening`. */
  async add<S extends { close(graceMs: number): Promise<void> } | undefined>(
    opening: Promise<S>,
  ): Promise<S> {
    const server = await opening
    if (server !== undefined) this.#servers.push(server)
    return server
  }

  /** Closes all of them, without a grace. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        await server.close(0)
      }),
    )
  }
}
