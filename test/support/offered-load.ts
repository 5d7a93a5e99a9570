/**
 * Requests at a given rate, whether or not the ones before were answered: a crowd does not wait for its turn to ask. Times
 * are counted from when a request was due, so that a slow answer cannot hide how long the next one would have waited.
 */
import { Agent, request } from 'node:http'

export interface OfferedAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
  readonly tookMs: number
}

/** Asks once; `dueAtMs` is when it should have been asked, by `performance.now`. Status 0 stands for no answer. */
export async function askOnce(
  url: string,
  accessToken: string,
  agent: Agent,
  dueAtMs: number,
): Promise<OfferedAnswer> {
  return await new Promise((resolve) => {
    const end = (status: number, retryAfter?: string, body = ''): void => {
      resolve({ status, retryAfter, body, tookMs: performance.now() - dueAtMs })
    }
    const headers = { authorization: `Bearer ${accessToken}` }
    const sent = request(url, { agent, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.on('end', () => {
        end(response.statusCode ?? 0, response.headers['retry-after'], body)
      })
      response.on('error', () => {
        end(0)
      })
    })
    sent.on('error', () => {
      end(0)
    })
    sent.end()
  })
}

/** Asks with each token once, `perSecond` of them a second. Resolves to the answers in the order of the tokens. */
export async function offer(
  url: string,
  accessTokens: readonly string[],
  perSecond: number,
): Promise<OfferedAnswer[]> {
  const agent = new Agent({ keepAlive: true })
  const startedAtMs = performance.now()
  const answers: Promise<OfferedAnswer>[] = []
  try {
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        for (;;) {
          const dueAtMs = startedAtMs + (answers.length * 1_000) / perSecond
          const accessToken = accessTokens[answers.length]
          if (accessToken === undefined) {
            clearInterval(timer)
            resolve()
            return
          }
          if (dueAtMs > performance.now()) return
          answers.push(askOnce(url, accessToken, agent, dueAtMs))
        }
      }, 2)
    })
    return await Promise.all(answers)
  } finally {
    agent.destroy()
  }
}
