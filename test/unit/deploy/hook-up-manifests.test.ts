/** What operators copy from deploy/hook-up is what their gateways take, field by field, and docs/gateways.md tells of it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hookUpDocuments, hookUpFiles } from '../../support/hook-up-manifests.js'
import { problemsIn, type Schema } from '../../support/structural-schema.js'

const documents = hookUpDocuments()
const validated = documents.flatMap((document) =>
  document.schema === undefined ? [] : [{ ...document, schema: document.schema }],
)
const page = readFileSync('docs/gateways.md', 'utf8')

/** Kubernetes' own kinds: test/interop/hook-up-core-kinds.test.ts validates them. */
const coreKinds = ['Ingress']

describe('the manifests of deploy/hook-up', () => {
  it.each(validated)('$file: $name is good by its schema', ({ manifest, schema }) => {
    expect(problemsIn(schema, manifest)).toEqual([])
  })

  it.each(validated)('$file: $name with one letter wrong is not', ({ manifest, schema }) => {
    const top = manifest.kind === undefined ? 'meshConfig' : 'spec'
    const { [top]: body } = manifest
    const [[key, value] = ['', undefined], ...others] = Object.entries(body as Schema)
    const misspelt = { ...Object.fromEntries(others), [`${key}x`]: value }
    expect(problemsIn(schema, { ...manifest, [top]: misspelt })).toContain(
      `.${top}.${key}x: unknown field`,
    )
  })

  it.each(hookUpFiles)('%s is validated, or says that it is not', (file) => {
    const unseen = documents.filter(
      ({ schema, name, ...document }) =>
        document.file === file && schema === undefined && !coreKinds.includes(name),
    )
    expect(/^# Not validated by a schema/m.test(readFileSync(file, 'utf8'))).toBe(unseen.length > 0)
  })

  it.each(documents)('$file: $name never fails open', ({ manifest }) => {
    const open: unknown[] = []
    JSON.stringify(manifest, (key, value: unknown) => {
      if (/^(failOpen|failure_mode_allow|trustForwardHeader)$/.test(key)) open.push(value)
      return value
    })
    expect(open.filter((value) => value !== false)).toEqual([])
  })
})

describe('docs/gateways.md', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('|'))

  it.each([...new Set(hookUpFiles.map((file) => file.split('/')[2]))])(
    'has a section for deploy/hook-up/%s',
    (folder) => {
      const sections = page.split(/^## /m).slice(1)
      expect(
        sections.filter((text) => text.includes(`deploy/hook-up/${String(folder)}`)),
      ).not.toEqual([])
    },
  )

  it.each(hookUpFiles)('has %s in its table, and says as much as the file does', (file) => {
    const row = rows.filter((line) => line.includes(`(../${file})`))
    expect(row).toHaveLength(1)
    const isNot = /^# Not validated by a schema/m.test(readFileSync(file, 'utf8'))
    expect(/\| not validated[^|]*\|$/.test(row[0] ?? '')).toBe(isNot)
  })
})

describe('problemsIn', () => {
  const schema = {
    type: 'object',
    required: ['a'],
    properties: {
      a: { type: 'integer', minimum: 1 },
      b: { type: 'array', items: { type: 'string', pattern: '^x' }, maxItems: 1 },
      c: { type: 'object', additionalProperties: { type: 'boolean' } },
      d: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      e: { type: 'object', properties: { f: { 'x-kubernetes-int-or-string': true } } },
    },
    not: { anyOf: [{ required: ['b', 'c'] }] },
  }

  it.each([
    [{ a: 1, b: ['xy'], d: { any: [1] }, e: { f: '1' } }, []],
    [{ a: 1, c: { any: true } }, []],
    [{}, ['.a: is missing']],
    [{ a: 0 }, ['.a: 0 is below 1']],
    [{ a: 1.5 }, ['.a: is not of type integer']],
    [
      { a: 1, b: ['xy', 3] },
      ['.b[1]: is not of type string', '.b: ["xy",3] is not what 1 asks for'],
    ],
    [{ a: 1, c: { any: 'true' } }, ['.c.any: is not of type boolean']],
    [{ a: 1, e: { g: 1 } }, ['.e.g: unknown field']],
    [{ a: 1, e: { f: true } }, ['.e.f: is no integer or text']],
    [{ a: 1, b: [], c: {} }, [': fits what it must not']],
  ])('%j: %j', (value, problems) => {
    expect(problemsIn(schema, value)).toEqual(problems)
  })

  it('throws for a keyword that it does not know', () => {
    expect(() => problemsIn({ type: 'object', if: {} }, {})).toThrow('unknown keyword if')
  })
})
