/**
 * A directory for snapshots of keys.
 *
 * The rules are:
 *   - who can write a snapshot can forge tokens, so a file is read only when it is a plain file of our own that nobody
 *     else may write, and no link;
 *   - a file is replaced by renaming a complete one over it: readers see the old one or the new one;
 *   - files are for our own eyes (0600), and so is the directory when it has to be made (0700).
 */
import { constants } from 'node:fs'
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

/** More than any snapshot has. */
const maxBytes = 1_048_576

/** Files in one directory. Names are taken as they are: they must not come from a request. */
export class DirectoryFiles {
  readonly #directory: string
  readonly #unique: () => string

  /** `unique` gives names that no other process gives, for files that are not complete yet. */
  constructor(directory: string, unique: () => string) {
    this.#directory = directory
    this.#unique = unique
  }

  /** The text of a file, or undefined when there is none. Rejects when it cannot be read or others may have written it. */
  async read(name: string): Promise<string | undefined> {
    // A link would be followed to a file that somebody else chose; a pipe would be waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    let file: FileHandle
    try {
      file = await open(join(this.#directory, name), flags)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
    try {
      await checkOwn(file)
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  }

  /** Removes a file; that there is none is good too. Rejects when it cannot be removed. */
  async remove(name: string): Promise<void> {
    await rm(join(this.#directory, name), { force: true })
  }

  /** Replaces a file, whole or not at all. Rejects when it cannot be written. */
  async write(name: string, text: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const temporary = join(this.#directory, `.${name}.${this.#unique()}.tmp`)
    try {
      const file = await open(temporary, 'wx', 0o600)
      try {
        await file.writeFile(text)
        await file.sync() // Or a power cut could leave the new name on an empty file.
      } finally {
        await file.close()
      }
      await rename(temporary, join(this.#directory, name))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
}

async function checkOwn(file: FileHandle): Promise<void> {
  const stats = await file.stat()
  if (!stats.isFile()) throw new Error('it is not a file')
  if (stats.size > maxBytes) throw new Error(`it has more than ${String(maxBytes)} bytes`)
  if ((stats.mode & 0o022) !== 0) throw new Error('others than its owner may write it')
  // Undefined where there are no users, as on Windows.
  const user = process.geteuid?.()
  if (user !== undefined && stats.uid !== user) throw new Error('it belongs to another user')
}
