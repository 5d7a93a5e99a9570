/** Whatever is in a file, the doctor has an answer. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { examineText } from '../../../src/doctor/index.js'
import { edited, goodFiles } from './examined.js'

const kind = fc.constantFrom('envoy' as const, 'nginx' as const, undefined)
const nginxWord = fc.constantFrom(
  ...'http server location if { } ; # " \' \\ ${ $a / = ~ ( @a auth_request off include * error_page 401 =200'.split(
    ' ',
  ),
  ...'proxy_pass http://a/ unix: rewrite last return internal root satisfy any x_by_lua_block [[ -- \n'.split(
    ' ',
  ),
)
const envoyWord = fc.constantFrom(
  ...'{ } [ ] , : - ? & * ! | > % @ &a *a true 0s 1 "@type" x.ExtAuthz << http_filters: \n \t'.split(
    ' ',
  ),
  ...'typed_config: name: static_resources: clusters: typed_per_filter_config: filter_enabled: grpc_service:'.split(
    ' ',
  ),
  '\n  ',
  '\n- ',
)

/** Words that every object of JavaScript knows, and no configuration should. */
const objectWord = fc.constantFrom('toString', 'constructor', '__proto__', 'hasOwnProperty')

/** A good file with a piece cut out and another put in. */
function mutated(file: string): fc.Arbitrary<string> {
  const text = edited(file, [])
  const place = fc.nat({ max: text.length })
  const inserted = fc.oneof(fc.string({ maxLength: 8 }), nginxWord, envoyWord, objectWord)
  return fc
    .tuple(place, fc.nat({ max: 200 }), inserted)
    .map(([from, length, put]) => text.slice(0, from) + put + text.slice(from + length))
}

function hasAnswer(text: string, given: 'envoy' | 'nginx' | undefined): void {
  expect(['envoy', 'nginx', 'unreadable']).toContain(examineText(text, 'f', given).kind)
}

describe('examineText has an answer', () => {
  it('to any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), kind, hasAnswer), {
      numRuns: 500,
    })
  })

  it.each([
    ['NGINX', nginxWord],
    ['Envoy', envoyWord],
  ])('to any words of %s', (_name, word) => {
    const words = fc
      .array(fc.oneof({ weight: 9, arbitrary: word }, objectWord), { maxLength: 40 })
      .map((list) => list.join(' '))
    fc.assert(fc.property(words, kind, hasAnswer), { numRuns: 1_000 })
  })

  it.each(Object.values(goodFiles))('to %s with a fault in it', (file) => {
    fc.assert(fc.property(mutated(file), fc.constant(undefined), hasAnswer), { numRuns: 100 })
  })
})
