/**
 * Our protos and Envoy's say the same about everything that ours mention: names, numbers, types, labels, oneofs, enum
 * values, the method. What the copy of Envoy's protos in `@grpc/grpc-js-xds` lacks is listed, and the list may not be
 * longer than the truth.
 */
import { describe, expect, it } from 'vitest'
import type { Field } from 'protobufjs'
import { Enum, MapField, Service, Type, type NamespaceBase, type Root } from 'protobufjs'
import { fieldNumbers } from '../../../src/envoy/encode-check-response.js'
import { checkMethod } from '../../support/check-method.js'
import { loadOurProtos, loadUpstreamProtos } from '../../support/proto-roots.js'

/** Younger than the copy of upstream: Envoy 1.37. An interop test with a real Envoy holds the first. */
const unknownUpstream = [
  'envoy.service.auth.v3.CheckResponse.error_response = 5: envoy.service.auth.v3.DeniedHttpResponse in oneof http_response',
]

/** One line for everything that a root declares outside google.protobuf. */
function declarations(root: Root): readonly string[] {
  return walk(root).sort()
}

function walk(namespace: NamespaceBase): string[] {
  return namespace.nestedArray.flatMap((object) => {
    const name = object.fullName.slice(1)
    if (name === 'google.protobuf') return []
    if (object instanceof Enum) {
      return Object.entries(object.values).map(
        ([key, value]) => `${name}.${key} = ${String(value)}`,
      )
    }
    if (object instanceof Service) {
      return object.methodsArray.map((method) => {
        method.resolve()
        const { requestStream, responseStream, resolvedRequestType, resolvedResponseType } = method
        const streams = [requestStream, responseStream].map((is) => (is === true ? 'stream ' : ''))
        return `${name}/${method.name}(${streams.join(', ')}${typeName(resolvedRequestType)}) returns ${typeName(resolvedResponseType)}`
      })
    }
    const fields = object instanceof Type ? object.fieldsArray.map(fieldLine) : []
    const self = object instanceof Type ? [`message ${name}`] : []
    return [...self, ...fields, ...('nestedArray' in object ? walk(object as NamespaceBase) : [])]
  })
}

function fieldLine(field: Field): string {
  const type = field.resolvedType === null ? field.type : typeName(field.resolvedType)
  const label =
    field instanceof MapField ? `map<${field.keyType}, ` : field.repeated ? 'repeated ' : ''
  const oneof = field.partOf === null ? '' : ` in oneof ${field.partOf.name}`
  const close = field instanceof MapField ? '>' : ''
  return `${field.fullName.slice(1)} = ${String(field.id)}: ${label}${type}${close}${oneof}`
}

function typeName(type: Type | Enum | null): string {
  return type === null ? 'nothing' : type.fullName.slice(1)
}

const ours = declarations(loadOurProtos())
const upstream = new Set(declarations(loadUpstreamProtos()))

describe('our subset of the protos', () => {
  it('declares nothing that Envoy declares otherwise', () => {
    expect(ours.filter((line) => !upstream.has(line))).toEqual(unknownUpstream)
  })

  it('leaves the number of an unknown field to that field', () => {
    const taken = [...upstream].filter((line) => /CheckResponse\.\w+ = 5:/.test(line))
    expect(taken).toEqual([])
  })

  it('holds everything that a decision is read from and written to', () => {
    const http = 'envoy.service.auth.v3.AttributeContext.HttpRequest'
    expect(ours).toEqual(
      expect.arrayContaining([
        `${http}.headers = 3: map<string, string>`,
        `${http}.header_map = 13: envoy.config.core.v3.HeaderMap`,
        'envoy.config.core.v3.HeaderValue.raw_value = 3: bytes',
        'envoy.service.auth.v3.AttributeContext.context_extensions = 10: map<string, string>',
        'envoy.service.auth.v3.AttributeContext.metadata_context = 11: envoy.config.core.v3.Metadata',
        'envoy.service.auth.v3.CheckResponse.dynamic_metadata = 4: google.protobuf.Struct',
        'envoy.service.auth.v3.OkHttpResponse.headers_to_remove = 5: repeated string',
        'envoy.config.core.v3.HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD = 2',
      ]),
    )
  })

  it('has the one unary method that Envoy calls', () => {
    expect(ours.filter((line) => line.includes('/'))).toEqual([
      'envoy.service.auth.v3.Authorization/Check(, envoy.service.auth.v3.CheckRequest) returns envoy.service.auth.v3.CheckResponse',
    ])
    const { path, requestStream, responseStream } = checkMethod
    expect({ path, requestStream, responseStream }).toEqual({
      path: '/envoy.service.auth.v3.Authorization/Check',
      requestStream: false,
      responseStream: false,
    })
  })
})

describe('the numbers of the fields that we encode', () => {
  const fields = Object.entries(fieldNumbers).flatMap(([message, numbers]) =>
    Object.entries(numbers).map(([name, id]) => ({ message, name, id })),
  )
  const youngerThanUpstream = 'error_response'

  const roots = [loadOurProtos(), loadUpstreamProtos()]

  it.each(fields)('are those of the protos for $name of $message', ({ message, name, id }) => {
    const expected = name === youngerThanUpstream ? [id, undefined] : [id, id]
    expect(roots.map((root) => root.lookupType(message).fields[name]?.id)).toEqual(expected)
    // A tag of one octet.
    expect(id).toBeLessThan(16)
  })
})
