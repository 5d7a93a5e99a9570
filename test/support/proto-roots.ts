/** Protos as protobufjs reads them: ours, and Envoy's own as `@grpc/grpc-js-xds` ships them. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import protobuf, { type Root } from 'protobufjs'

const ours = fileURLToPath(new URL('../../proto', import.meta.url))
const upstream = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')),
  'deps',
)

/** Every file of `proto/`. */
export function loadOurProtos(): Root {
  return load([ours], protoFiles(ours))
}

/** Every file of `proto/` once more, but as Envoy has it. */
export function loadUpstreamProtos(): Root {
  const directories = ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate']
  return load(
    directories.map((name) => join(upstream, name)),
    protoFiles(ours),
  )
}

function load(directories: readonly string[], files: readonly string[]): Root {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) =>
    directories.map((directory) => join(directory, target)).find((path) => existsSync(path)) ??
    target
  root.loadSync([...files], { keepCase: true })
  root.resolveAll()
  return root
}

function protoFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.proto'))
    .sort()
}
