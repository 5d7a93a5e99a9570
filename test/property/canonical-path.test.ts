/** A path is accepted as it came or not at all: canonicalisation repairs nothing but the case of hexadecimal digits. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalPath } from '../../src/policy/index.js'

const pieces = [
  ...[
    '/',
    '/',
    '/',
    'a',
    'B',
    '7',
    '-',
    '_',
    '~',
    '.',
    '..',
    '%',
    '%2e',
    '%2F',
    '%5c',
    '%25',
    '%c3%a9',
  ],
  ...[
    '%C3%A9',
    '%20',
    '%00',
    '%3f',
    '%3B',
    ';',
    '\\',
    '?',
    '#',
    ' ',
    '\n',
    'é',
    '//',
    '/./',
    '*',
    ':',
    '@',
  ],
]
const target = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `/${text}`),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.webPath(),
  fc
    .array(fc.constantFrom('/', 'a', 'B', '7', '-', '%C3%A9', '%c3%a9', '%20x', ':'), {
      maxLength: 8,
    })
    .map((parts) => `/${parts.join('')}`),
)

/** Runs a check on the path of every accepted target and says how many there were. */
function forAccepted(holds: (path: string, target: string) => void): number {
  let accepted = 0
  fc.assert(
    fc.property(target, (text) => {
      const canonical = canonicalPath(text)
      if (canonical.kind === 'ambiguous') return
      accepted += 1
      holds(canonical.path, text)
    }),
    { numRuns: 2_000 },
  )
  return accepted
}

describe('canonicalPath', () => {
  it('is the path of the target up to the case of hexadecimal digits', () => {
    const accepted = forAccepted((path, text) => {
      const [asked = ''] = text.split('?')
      expect(path).toBe(asked.replace(/%[0-9a-f]{2}/gi, (octet) => octet.toUpperCase()))
    })
    expect(accepted).toBeGreaterThan(200)
  })

  it('is idempotent', () => {
    forAccepted((path) => {
      expect(canonicalPath(path)).toEqual({ kind: 'path', path })
    })
  })

  it('reads as no other path, however an upstream decodes and resolves it', () => {
    forAccepted((path) => {
      if (path === '*') return
      const resolved = new URL(path, 'https://upstream.example').pathname
      expect(resolved.replace('^', '%5E').replace('|', '%7C')).toBe(
        path.replace('^', '%5E').replace('|', '%7C'),
      )
      const decoded = decodeURIComponent(path)
      expect(decoded.split('/')).toHaveLength(path.split('/').length)
      for (const segment of decoded.split('/').slice(1, -1)) {
        expect(segment).not.toMatch(/^$|\.$|[\\;\0]/)
      }
      expect(decoded).not.toMatch(/[\x00-\x1f\x7f\\;]/)
    })
  })

  it('is two paths for two targets that are not spelt alike', () => {
    fc.assert(
      fc.property(target, target, (one, other) => {
        const [first, second] = [canonicalPath(one), canonicalPath(other)]
        fc.pre(first.kind === 'path' && second.kind === 'path' && first.path === second.path)
        const spelling = (text: string): string => text.split('?')[0]!.toUpperCase()
        expect(spelling(one)).toBe(spelling(other))
      }),
      { numRuns: 50, maxSkipsPerRun: 2_000 },
    )
  })
})
