/** The revocation file and its changes; the file of the admin token. */
import { describe, expect, it } from 'vitest'
import { isAuthorized } from '../../../src/revocation/admin-token.js'
import { FileSource } from '../../../src/revocation/file-source.js'
import { parseAdminToken, parseRevocationFile } from '../../../src/revocation/index.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { createTestObserver, identifiers, testIssuers } from '../../support/revocations.js'
import { until } from '../../support/until.js'

function problemsOf(text: string, maxEntries = 100): readonly string[] {
  const file = parseRevocationFile(text, testIssuers, maxEntries)
  if (file.kind === 'revocations') return []
  return file.problems.map(
    ({ line, column, message }) => `${String(line)}:${String(column)}: ${message}`,
  )
}

describe('parseRevocationFile', () => {
  it.each([
    [
      'YAML',
      '- issuer: main\n  jti: a\n- { issuer: partner, kid: k, until: 2027-01-01T00:00:00Z }\n',
    ],
    ['JSON', '[{"issuer":"main","jti":"a"},\n {"issuer":"main","sub":"b","issuedBefore":5}]'],
  ])('takes a list in %s', (_name, text) => {
    const file = parseRevocationFile(text, testIssuers, 2)
    expect(file.kind === 'revocations' && file.revocations.length).toBe(2)
  })

  it.each(['', '# nothing yet\n', '[]'])('takes %j for an empty list', (text) => {
    expect(parseRevocationFile(text, testIssuers, 1)).toEqual({
      kind: 'revocations',
      revocations: [],
    })
  })

  it('tells every problem with its place', () => {
    const text = `- { issuer: main, jti: a }
- { issuer: other, jti: b }
- issuer: main
  subject: alice
- { issuer: main, sub: alice, until: tomorrow }
- alice
`
    expect(problemsOf(text)).toEqual([
      '2:5: "issuer" is neither the id nor the iss of a configured issuer; ids are main, partner',
      '4:3: "subject" is not a field of a revocation; known are issuer, jti, sub, clientId, sid, kid, issuedBefore, until',
      '5:31: "until" must be a time such as 2027-01-31T18:00:00Z',
      '6:3: this entry is not an object such as { "issuer": ..., "jti": ... }',
    ])
  })

  it.each([
    ['no list', 'issuer: main\n', '1:1: the file is not a list of revocations'],
    [
      'no YAML',
      '- { issuer: main\n',
      '2:1: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    ['a key twice', '- { issuer: main, sub: a, sub: b }\n', '1:27: Map keys must be unique'],
    [
      'an alias',
      '- &a { issuer: main, sub: a }\n- *a\n',
      '1:1: aliases have no place in a list of revocations',
    ],
    ['an alias of nothing', '- *a\n', '1:1: aliases have no place in a list of revocations'],
    [
      'a text that is too long',
      '#'.repeat(262_145),
      '1:1: the file has more than 262144 characters; longer lists belong into the store',
    ],
  ])('refuses %s', (_name, text, problem) => {
    expect(problemsOf(text)[0]).toBe(problem)
  })

  it('has a bound on the entries', () => {
    const text = '[{"issuer":"main","jti":"a"},{"issuer":"main","jti":"b"}]'
    expect(problemsOf(text, 1)).toEqual(['1:1: the file has more than 1 entries (maxEntries)'])
  })
})

function setUp(text: string) {
  const clock = createFakeClock()
  const observer = createTestObserver()
  const file = {
    text: text as string | undefined,
    version: 1,
    reads: 0,
    onRead: () => undefined as unknown,
  }
  const changes = { count: 0 }
  const source = new FileSource(
    'revoked.yaml',
    {
      clock,
      issuers: testIssuers,
      maxEntries: 10,
      readTextFile: async () => {
        file.reads += 1
        if (file.text === undefined) throw new Error('ENOENT')
        const read = file.text
        file.onRead()
        return read
      },
      fingerprint: async () => {
        if (file.text === undefined) throw new Error('ENOENT')
        return String(file.version)
      },
      observer,
    },
    () => {
      changes.count += 1
    },
  )
  /** Writes the file, lets the source look, and waits for what it does. */
  async function write(next: string | undefined, done: () => boolean): Promise<void> {
    file.text = next
    file.version += 1
    await until(() => {
      clock.advance(1_000)
      return done()
    })
  }
  const refuses = (sub: string): boolean =>
    source.list.isRevoked(identifiers({ sub }), clock.wallMs())
  return { source, file, clock, observer, changes, write, refuses }
}

describe('FileSource', () => {
  it('cannot start with a file that cannot be used', async () => {
    await expect(setUp('- x').source.start()).rejects.toThrow(/^1:3: this entry is not/)
  })

  it('takes a changed file over as a whole', async () => {
    const { source, changes, write, refuses } = setUp('- { issuer: main, sub: a }')
    await source.start()
    expect([refuses('a'), refuses('b')]).toEqual([true, false])
    await write('- { issuer: main, sub: b }', () => changes.count === 2)
    expect([refuses('a'), refuses('b')]).toEqual([false, true])
    source.close()
  })

  it('takes nothing from a file that is still being written', async () => {
    const whole = '- { issuer: main, sub: a }\n- { issuer: main, sub: b }'
    const { source, file, clock, changes, refuses } = setUp(whole)
    await source.start()
    const look = async (text: string): Promise<void> => {
      Object.assign(file, { text, version: file.version + 1 })
      clock.advance(1_000)
      await new Promise(setImmediate)
    }
    // Each look sees more of it, and each part is a list of its own.
    for (const text of ['- { issuer: main, sub: a }', `${whole}\n`]) await look(text)
    expect(changes.count).toBe(1)
    expect(refuses('b')).toBe(true)
    source.close()
  })

  it('takes nothing from a file that is written while it is read', async () => {
    const whole = '- { issuer: main, sub: a }\n- { issuer: main, sub: b }'
    const { source, file, observer, changes, write, refuses } = setUp(whole)
    await source.start()
    file.onRead = () => {
      file.version += 1
    }
    await write('- { issuer: main, sub: a }', () => observer.noted.mock.calls.length === 1)
    expect(refuses('b')).toBe(true)
    file.onRead = () => undefined
    await write(`${whole}\n- { issuer: main, sub: c }`, () => changes.count === 2)
    expect(refuses('c')).toBe(true)
    source.close()
  })

  it('reads it only when it changed', async () => {
    const { source, file, clock } = setUp('[]')
    await source.start()
    for (let i = 0; i < 5; i++) {
      clock.advance(1_000)
      await Promise.resolve()
    }
    expect(file.reads).toBe(1)
    source.close()
  })

  it.each([
    ['a problem', '- { issuer: main, sub: 5 }'],
    ['not a byte, as while it is written', ''],
    ['nothing, because it is gone', undefined],
  ])('keeps the last good list while the file has %s, and tells once', async (_name, text) => {
    const { source, observer, changes, write, refuses } = setUp('- { issuer: main, sub: a }')
    await source.start()
    await write(text, () => observer.noted.mock.calls.length === 1)
    expect(observer.counted.mock.calls).toContainEqual(['file', 'failed'])
    expect(observer.noted.mock.calls[0]?.[1]).toMatch(/cannot be used, the list before stays/)
    expect(refuses('a')).toBe(true)
    await write('- { issuer: main, sub: b }', () => changes.count === 2)
    expect(observer.noted).toHaveBeenCalledTimes(1)
    expect([refuses('a'), refuses('b')]).toEqual([false, true])
    source.close()
  })
})

describe('a revocation file with a problem', () => {
  it('is read once, however long it stands there', async () => {
    const { source, file, clock, observer, write } = setUp('[]')
    await source.start()
    await write('- x', () => observer.noted.mock.calls.length === 1)
    const { reads } = file
    for (let i = 0; i < 5; i++) {
      clock.advance(1_000)
      await new Promise(setImmediate)
    }
    expect(file.reads).toBe(reads)
    source.close()
  })
})

describe('the admin token', () => {
  const token = 'a'.repeat(32)
  it('is read without the white space around it', () => {
    expect(parseAdminToken(` ${token}\n`)).toEqual({ kind: 'token', token })
  })

  it.each([
    ['a'.repeat(31), 'has fewer than 32 characters'],
    [`${'a'.repeat(31)}\n`, 'has fewer than 32 characters'],
    [`${token} ${token}`, 'has characters that no bearer token has'],
    [`${token}é`, 'has characters that no bearer token has'],
  ])('is not %j', (text, message) => {
    expect(parseAdminToken(text)).toEqual({ kind: 'problem', message })
  })

  it('is compared whole', () => {
    expect(isAuthorized(`Bearer ${token}`, token)).toBe(true)
    expect(isAuthorized(`bearer ${token}`, token)).toBe(true)
    const wrong = [undefined, '', token, `Basic ${token}`, `Bearer ${token}a`, `Bearer ${token},`]
    expect(
      [...wrong, `Bearer ${token.slice(1)}`].filter((one) => isAuthorized(one, token)),
    ).toEqual([])
  })
})
