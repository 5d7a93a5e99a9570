/** Configurations as text: written to a directory of their own, loaded, and removed again. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ConfigError, loadConfig, type GateConfig } from '../../src/config/index.js'

/** Runs `use` with a directory that holds the given files, and removes it. */
export async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-config-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(directory, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    }
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** The configuration that the text of one file gives. Rejects with a ConfigError. */
export async function loadConfigText(text: string): Promise<GateConfig> {
  return await withFiles(
    { 'scopegate.yaml': text },
    async (directory) => await loadConfig(join(directory, 'scopegate.yaml')),
  )
}

/** Every problem of a file or directory as `[file:]line:column: message`; `directory` is cut off the file names. */
export async function problemsOf(path: string, directory?: string): Promise<readonly string[]> {
  try {
    await loadConfig(path)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ file, line, column, message }) => {
      const name = directory === undefined ? '' : `${file.slice(directory.length + 1)}:`
      return `${name}${String(line)}:${String(column)}: ${message}`
    })
  }
}

/** Every problem of the text of one file as `line:column: message`. */
export async function problemsOfText(text: string): Promise<readonly string[]> {
  return await withFiles(
    { 'scopegate.yaml': text },
    async (directory) => await problemsOf(join(directory, 'scopegate.yaml')),
  )
}

/** An issuer and a resource: the smallest configuration that is good. */
export const smallConfig = `issuers:
  - id: main
    issuer: https://issuer.example.com
resources:
  - id: users-api
    audiences: [https://api.example.com]
    routes:
      - { id: read, path: /read, scopes: [read:users] }
`
