/** An introspection endpoint under the test's control: it notes every question, and answers as the test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { sendJson } from './authorization-server.js'

export interface Asked {
  readonly form: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly method: string | undefined
}

export interface IntrospectionEndpoint {
  readonly url: string
  readonly asked: Asked[]
  /** What is done with a question; by default the token is active with {@link members}. */
  answer: (response: ServerResponse, asked: Asked) => void
  members: Record<string, unknown>
  close(): Promise<void>
}

export async function startIntrospectionEndpoint(): Promise<IntrospectionEndpoint> {
  const http = createServer((request, response) => {
    void text(request).then((body) => {
      const { headers, method } = request
      const asked = { form: new URLSearchParams(body), headers, method }
      endpoint.asked.push(asked)
      endpoint.answer(response, asked)
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const endpoint: IntrospectionEndpoint = {
    url: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}/introspect`,
    asked: [],
    members: {
      active: true,
      aud: 'https://api.example.com',
      sub: 'alice',
      client_id: 'app',
      scope: 'read:users',
    },
    answer: (response) => {
      sendJson(response, endpoint.members)
    },
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  return endpoint
}
