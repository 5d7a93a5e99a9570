/** The session that the demo shows: curl lines to paste, each with its real answer, and what has to be true of it. */
import { request } from 'node:http'

/** Gets a token of the authorization server, as the curl line of {@link tokenCommand} does. */
export async function fetchToken(issuer) {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('demo:demo')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'read:users' }),
  })
  const { access_token: token } = await response.json()
  if (!response.ok || token === undefined) throw new Error(`no token: status ${response.status}`)
  return token
}

/** The shell line that gets another token. */
export function tokenCommand(issuer) {
  const form = '-d grant_type=client_credentials -d scope=read:users'
  return `TOKEN=$(curl -s -u demo:demo ${form} ${issuer}/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`
}

const steps = [
  {
    title: 'No token: 401, and the challenge names the scope to ask for.',
    path: '/read',
    status: 401,
  },
  {
    title: 'A good token without the scope of the route: 403.',
    method: 'POST',
    path: '/create',
    hasToken: true,
    status: 403,
  },
  {
    title:
      'The right scope: 200. The upstream sees who calls in x-auth-subject, x-auth-scope and x-auth-client.',
    path: '/read',
    hasToken: true,
    status: 200,
    identity: 'demo',
  },
  {
    title: 'A forged identity header with a good token: the upstream sees the true one.',
    path: '/read',
    hasToken: true,
    headers: { 'x-auth-subject': 'admin' },
    status: 200,
    identity: 'demo',
  },
  {
    title: 'A forged identity header on the public route: gone.',
    path: '/health',
    headers: { 'x-auth-subject': 'admin' },
    status: 200,
    identity: undefined,
  },
]

/** Runs the session and prints it. Throws when an answer is not what it has to be. */
export async function runSession(url, token, print) {
  for (const [i, step] of steps.entries()) {
    print(`${i + 1}. ${step.title}`)
    print(curlCommand(url, step))
    const answer = await send(url, step, token)
    print(`${indent(answer.text)}\n`)
    const problem = problemOf(step, answer)
    if (problem !== undefined)
      throw new Error(`step ${i + 1} of the session went wrong: ${problem}`)
  }
}

function curlCommand(url, { method, path, hasToken, headers = {} }) {
  return [
    'curl -i',
    ...(method === undefined ? [] : [`-X ${method}`]),
    ...(hasToken ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`),
    url + path,
  ].join(' ')
}

function send(url, { method = 'GET', path, hasToken, headers = {} }, token) {
  const all = { ...headers, ...(hasToken ? { authorization: `Bearer ${token}` } : {}) }
  return new Promise((settle, reject) => {
    const sent = request(url + path, { method, headers: all, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => (body += text))
      response.on('error', reject).on('end', () => settle(toAnswer(response, body)))
    })
    sent.on('error', reject).end()
  })
}

function toAnswer(response, body) {
  const shown = ['www-authenticate', 'content-type'].filter((name) => name in response.headers)
  return {
    status: response.statusCode,
    body,
    text: [
      `HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage}`,
      ...shown.map((name) => `${name}: ${response.headers[name]}`),
      '',
      body.trimEnd(),
    ].join('\n'),
  }
}

function problemOf(step, { status, body }) {
  if (status !== step.status) return `status ${status} instead of ${step.status}`
  if (status !== 200) return undefined
  const subject = JSON.parse(body).headers['x-auth-subject']
  return subject === step.identity
    ? undefined
    : `the upstream saw x-auth-subject ${subject} instead of ${step.identity}`
}

function indent(text) {
  return text.replaceAll(/^(?=.)/gm, '   ')
}
