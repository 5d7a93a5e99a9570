/**
 * Lays out what the image holds under /app: `node deploy/image/assemble.mjs DIRECTORY`. The Dockerfile calls it, and so
 * do the tests, which run the same tree without a container engine.
 *
 * The rules are:
 *   - one JavaScript file, because finding and reading hundreds of files is most of a start;
 *   - what the packages read while they run (`.proto`) stands where they look for it, two folders above that file;
 *   - every package of which there is a line in the file is in the licences and in the SBOM;
 *   - the same commit and the same npm make the same bytes: no time, no random name;
 *   - no file can be written, and whoever runs it owns nothing of it.
 *
 * Wants the packages of package-lock.json and dist/ (`npm ci && npm run build`). Refuses to write over a directory.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Of the tree; two folders down, because the gate and the packages of gRPC look for `../../proto`. */
const bundle = 'dist/bundle/scopegate.mjs'

/** Folders of `.proto` files that are read at run time, and what of them. */
const protoFolders = [
  ['proto', ''],
  ['node_modules/grpc-health-check/proto', 'health/v1'],
  ['node_modules/@grpc/reflection/build/proto', 'grpc/reflection'],
]

/** Packages of CommonJS inside a module of ECMAScript still want these three. */
const banner = `import { createRequire as __createRequire } from 'node:module'
import { fileURLToPath as __fileURLToPath } from 'node:url'
const require = __createRequire(import.meta.url)
const __filename = __fileURLToPath(import.meta.url)
const __dirname = __fileURLToPath(new URL('.', import.meta.url)).slice(0, -1)`

const [directory, ...rest] = process.argv.slice(2)
if (directory === undefined || rest.length > 0) fail('usage: assemble.mjs DIRECTORY', 2)
const target = resolve(directory)
if (existsSync(target)) fail(`${directory} is there already; the tree goes into a new directory`, 2)
if (!existsSync(join(repository, 'dist/main.js'))) fail('there is no dist/: npm run build', 2)

const { name, version, type, license } = readJson('package.json')
const packages = await writeBundle()
for (const [from, part] of protoFolders) {
  cpSync(join(repository, from, part), join(target, 'proto', part), {
    recursive: true,
    filter: (path) => !path.endsWith('.md'),
  })
}
write('package.json', `${JSON.stringify({ name, version, type, license }, null, 2)}\n`)
write('LICENSE', readFileSync(join(repository, 'LICENSE'), 'utf8'))
write('THIRD-PARTY-LICENSES.txt', thirdPartyLicenses(packages))
write('sbom.cdx.json', `${JSON.stringify(sbom(packages), null, 2)}\n`)
protect(target)

/** Bundles the built gate. Returns the folders of the packages that went in, sorted. */
async function writeBundle() {
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: ['dist/main.js'],
    outfile: join(target, bundle),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: banner },
    // Names and lines stay, for stack traces; the licences have a file of their own.
    minify: false,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const folders = Object.keys(metafile.inputs).flatMap((path) => {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []
    return folder === undefined ? [] : [folder]
  })
  // Packages whose .proto files go along, though perhaps none of their code.
  const read = protoFolders.slice(1).map(([path]) => path.replace(/(\/build)?\/proto$/, ''))
  // A package that is there twice in one version is one package.
  const byName = new Map(
    [...new Set([...folders, ...read])].sort().map((folder) => {
      const about = readJson(join(folder, 'package.json'))
      return [`${about.name}@${about.version}`, folder]
    }),
  )
  return [...byName.values()]
}

/** The licence of each package as it ships it. Throws for a package without one. */
function thirdPartyLicenses(folders) {
  const sections = folders.map((folder) => {
    const about = readJson(join(folder, 'package.json'))
    const files = readdirSync(join(repository, folder)).filter((file) =>
      /^(licen[cs]e|notice|copying)/i.test(file),
    )
    if (files.length === 0 && typeof about.license !== 'string') {
      throw new Error(`${about.name} has no licence`)
    }
    const texts = files.map((file) => readFileSync(join(repository, folder, file), 'utf8').trim())
    return [`${about.name} ${about.version} (${about.license})`, ...texts].join('\n\n')
  })
  return `${sections.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/**
 * CycloneDX by npm, of the packages that are in the tree, without what differs from run to run. Throws for a package
 * that npm does not list. `--omit dev` is no use: npm then leaves out what a package of development needs as well.
 */
function sbom(folders) {
  const inTree = new Set(
    folders.map((folder) => {
      const about = readJson(join(folder, 'package.json'))
      return `${about.name}@${about.version}`
    }),
  )
  const document = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 2 ** 20,
    }),
  )
  delete document.serialNumber
  delete document.metadata.timestamp
  // npm takes the name of the folder.
  Object.assign(document.metadata.component, { name, type: 'application' })
  document.components = document.components
    .filter((one) => inTree.delete(`${one.name}@${one.version}`))
    // Who needs it is no matter here: all of them are needed.
    .map(({ properties: _, ...one }) => ({ ...one, scope: 'required' }))
  if (inTree.size > 0) throw new Error(`not in the SBOM of npm: ${[...inTree].join(', ')}`)
  const root = document.metadata.component['bom-ref']
  const known = new Set([root, ...document.components.map((one) => one['bom-ref'])])
  document.dependencies = document.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((on) => known.has(on)) }))
  return document
}

function protect(path) {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) protect(inner)
    else chmodSync(inner, 0o444)
  }
}

function write(path, text) {
  const file = join(target, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
}

function readJson(path) {
  return JSON.parse(readFileSync(join(repository, path), 'utf8'))
}

function fail(text, code) {
  console.error(`assemble: ${text}`)
  process.exit(code)
}
