/**
 * The end of a test's HTTP/2 client, in a turn of the event loop of its own: a client that is destroyed, or a stream that is
 * closed, from what its own reading calls makes Node 20 free memory that it goes on using (CVE-2026-56848, mended in
 * 22.23.2), and the process dies at any later moment.
 */
import type { ClientHttp2Session } from 'node:http2'
import { setImmediate as turn } from 'node:timers/promises'

/** Destroys the client and all its streams. */
export async function endClient(client: ClientHttp2Session): Promise<void> {
  await turn()
  client.destroy()
}
