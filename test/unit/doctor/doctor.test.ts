/** Which files the doctor takes for which, what it follows, and what it says of those it cannot read. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { examineFile, examineText, type Diagnosis } from '../../../src/doctor/index.js'
import { withFiles } from '../../support/config-text.js'
import { edited, findingsIn, goodFiles } from './examined.js'

const manager =
  '"@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const openGate =
  'http_filters: [{ name: envoy.filters.http.ext_authz, typed_config: { failure_mode_allow: true } }]'

function rulesIn(text: string): readonly string[] {
  return findingsIn(text).map(({ rule }) => rule)
}

describe('a configuration of Envoy', () => {
  it.each([
    ['a listener', `filter_chains: [{ filters: [{ typed_config: { ${manager}, ${openGate} } }] }]`],
    ['a connection manager', `stat_prefix: api\n${openGate}`],
    ['a file of LDS', `resources: [{ "@type": a.Listener, x: { ${manager}, ${openGate} } }]`],
    [
      'a configuration dump',
      JSON.stringify({
        configs: [
          {
            dynamicListeners: [
              {
                typedConfig: {
                  '@type': 'type.googleapis.com/a.HttpConnectionManager',
                  httpFilters: [
                    {
                      name: 'gate',
                      typedConfig: { '@type': 'a/b.ExtAuthz', failureModeAllow: true },
                    },
                  ],
                },
              },
            ],
          },
        ],
      }),
    ],
  ])('is %s', (_name, text) => {
    expect(rulesIn(text)).toContain('envoy/failure-mode-allow')
  })

  it('is routes alone', () => {
    const text =
      'virtual_hosts: [{ routes: [{ typed_per_filter_config: { gate: { "@type": x.ExtAuthzPerRoute, disabled: true } } }] }]'
    expect(rulesIn(text)).toEqual(['envoy/route-disabled'])
  })

  it('without a listener that is HTTP has nothing to look at', () => {
    const [finding] = findingsIn('static_resources: { listeners: [{ filter_chains: [] }] }')
    expect(finding).toMatchObject({ rule: 'envoy/listeners-elsewhere', severity: 'warning' })
  })

  it('is a filter alone, as in a patch', () => {
    const text =
      'patch: { value: { typed_config: { "@type": x.ExtAuthz, failure_mode_allow: true } } }'
    expect(rulesIn(text)).toContain('envoy/failure-mode-allow')
  })

  it('with a gate from elsewhere has nothing more to say about it', () => {
    const discovered = 'config_discovery: { type_urls: [type.googleapis.com/x.ExtAuthz] }'
    const rules = rulesIn(`rds: {}\nhttp_filters: [{ name: gate, ${discovered} }]`)
    expect(rules).toContain('envoy/filter-elsewhere')
    expect(rules).not.toContain('envoy/status-on-error')
    expect(rules).not.toContain('envoy/no-gate')
  })

  it('with several gates has each of them named', () => {
    const chain = (prefix: string): string => `{ ${manager}, stat_prefix: ${prefix}, ${openGate} }`
    const findings = findingsIn(`filter_chains: [${chain('first')}, ${chain('second')}]`)
    const open = findings.filter(({ rule }) => rule === 'envoy/failure-mode-allow')
    expect(open.map(({ message }) => / \(.*\)$/.exec(message)?.[0])).toEqual([
      ' (first envoy.filters.http.ext_authz)',
      ' (second envoy.filters.http.ext_authz)',
    ])
    expect(findings.some(({ message }) => message.endsWith(' (second)'))).toBe(true)
  })

  it.each([
    ['http_filters: [a', 'proxy.conf:1:17', 'Flow sequence in block collection'],
    ['http_filters: *nobody', 'proxy.conf:1:15', 'alias "*nobody" has no anchor before it'],
    [`http_filters: ${'['.repeat(5_000)}`, 'proxy.conf:1:', ''],
    [
      'http_filters: &a [*a]',
      'proxy.conf:1:',
      'the file is nested too deeply, or its aliases multiply',
    ],
    [
      Array.from(
        { length: 12 },
        (_, i) =>
          `http_filters${String(i)}: &a${String(i)} [${`*a${String(i - 1)}, `.repeat(i === 0 ? 0 : 9)}x]`,
      )
        .join('\n')
        .concat('\nhttp_filters: *a11'),
      'proxy.conf:',
      'the file is nested too deeply, or its aliases multiply',
    ],
  ])('says where %.40j cannot be read', (text, place, message) => {
    const diagnosis = examineText(text, 'proxy.conf')
    expect(placed(diagnosis)).toContain(place)
    expect(diagnosis).toMatchObject({ message: expect.stringContaining(message) as string })
  })
})

describe('a configuration of NGINX', () => {
  it('is a part of one', () => {
    expect(rulesIn('location / { proxy_pass http://api; }')).toEqual(['nginx/open-location'])
  })

  it('is what the caller says it is', () => {
    const kinds = ['root /srv;', 'a: b'].map((text) => [
      examineText(text, 'f', 'nginx').kind,
      examineText(text, 'f', 'envoy').kind,
    ])
    expect(kinds).toEqual([
      ['nginx', 'envoy'],
      ['unreadable', 'envoy'],
    ])
  })

  it('has its includes looked at where they stand', async () => {
    const files = {
      'nginx.conf': 'http { server { auth_request off; include conf.d/*.conf; } }',
      'conf.d/a.conf': 'include locations/b.inc;',
      'conf.d/.hidden.conf': 'broken',
      'locations/b.inc': '\n location /b { proxy_pass http://api; }',
    }
    await withFiles(files, async (directory) => {
      const diagnosis = examineFile(join(directory, 'nginx.conf'))
      expect(diagnosis).toMatchObject({
        findings: [{ rule: 'nginx/auth-request-off', file: join(directory, 'nginx.conf') }],
      })
      const [finding] = diagnosis.kind === 'unreadable' ? [] : diagnosis.findings
      expect(finding?.message).toContain('location /b')
    })
  })

  it.each([
    [
      'an include that cannot be read',
      'a;\n}',
      'conf.d/a.conf:2:1',
      'there is no block to close here',
    ],
    [
      'an include of itself',
      'include nginx.conf;',
      'conf.d/a.conf:1:1',
      '"nginx.conf" includes itself',
    ],
  ])('with %s says so', async (_name, text, place, message) => {
    const files = { 'nginx.conf': 'http { include conf.d/a.conf; }', 'conf.d/a.conf': text }
    await withFiles(files, async (directory) => {
      const diagnosis = examineFile(join(directory, 'nginx.conf'))
      expect(placed(diagnosis)).toBe(join(directory, place))
      expect(diagnosis).toMatchObject({ kind: 'unreadable', message })
    })
  })
})

describe('a file that is neither', () => {
  it.each(['', 'hello', '{}', 'issuers: []', 'a { b; }'])('as %j is not read', (text) => {
    expect(examineText(text, 'f')).toEqual({
      kind: 'unreadable',
      at: { file: 'f', line: 1, column: 1 },
      message: 'this is neither a configuration of Envoy nor one of NGINX',
    })
  })

  it('is a directory, no file, or no text', async () => {
    await withFiles({ 'a.bin': 'http {\0}' }, async (directory) => {
      const messages = [directory, join(directory, 'none'), join(directory, 'a.bin')].map(
        (path) => {
          const diagnosis = examineFile(path)
          return diagnosis.kind === 'unreadable' ? diagnosis.message : diagnosis.kind
        },
      )
      expect(messages).toEqual([
        'this is not a regular file',
        'there is no such file',
        'this is not a text file',
      ])
    })
  })
})

it('tells the two apart by what comes first', () => {
  const lua = 'x: |\n  http {\n  location / {\n  }'
  expect(examineText(edited(goodFiles.envoyGrpc, []).concat(lua), 'f').kind).toBe('envoy')
  expect(examineText(edited(goodFiles.nginx, []).concat('# static_resources:'), 'f').kind).toBe(
    'nginx',
  )
})

function placed(diagnosis: Diagnosis): string {
  if (diagnosis.kind !== 'unreadable') return 'readable'
  const { file, line, column } = diagnosis.at
  return `${file}:${String(line)}:${String(column)}`
}
