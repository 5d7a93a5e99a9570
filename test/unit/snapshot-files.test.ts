/** Snapshots in a real directory: whole or not at all, and nobody else's. */
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectoryFiles } from '../../src/snapshot-files.js'

let parent: string
let directory: string
let files: DirectoryFiles
let count: number

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'scopegate-snapshots-'))
  directory = join(parent, 'made', 'by', 'us')
  count = 0
  files = new DirectoryFiles(directory, () => String(count++))
})

afterEach(async () => {
  await rm(parent, { recursive: true })
})

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

describe('a file that is written', () => {
  it('is there, for our eyes only, in a directory that is too', async () => {
    await files.write('a.json', 'text')
    expect(await files.read('a.json')).toBe('text')
    expect(await modeOf(join(directory, 'a.json'))).toBe(0o600)
    expect(await modeOf(directory)).toBe(0o700)
  })

  it('replaces the one before and leaves nothing else', async () => {
    await files.write('a.json', 'one')
    await files.write('a.json', 'two')
    expect(await files.read('a.json')).toBe('two')
    expect(await readdir(directory)).toEqual(['a.json'])
  })

  it('does not write through a link', async () => {
    await mkdir(directory, { recursive: true })
    const elsewhere = join(parent, 'elsewhere')
    await writeFile(elsewhere, 'untouched')
    await symlink(elsewhere, join(directory, 'a.json'))
    await files.write('a.json', 'ours')
    expect(await readFile(elsewhere, 'utf8')).toBe('untouched')
    expect(await files.read('a.json')).toBe('ours')
  })

  it('leaves the one before, and no half of itself, when it cannot take its place', async () => {
    await mkdir(join(directory, 'a.json'), { recursive: true })
    await writeFile(join(directory, 'a.json', 'full'), '')
    await expect(files.write('a.json', 'text')).rejects.toThrow()
    expect(await readdir(directory)).toEqual(['a.json'])
  })

  it('cannot be written below a file', async () => {
    const blocked = new DirectoryFiles(join(parent, 'file', 'x'), () => '0')
    await writeFile(join(parent, 'file'), '')
    await expect(blocked.write('a.json', 'text')).rejects.toThrow()
    await expect(blocked.read('a.json')).rejects.toThrow(/ENOTDIR/)
  })
})

describe('a file that is read', () => {
  it('is undefined when it is not there, or its directory is not', async () => {
    expect(await files.read('a.json')).toBeUndefined()
    await mkdir(directory, { recursive: true })
    expect(await files.read('a.json')).toBeUndefined()
  })

  it.each([0o620, 0o602, 0o666])('is refused when others may write it: %o', async (mode) => {
    await files.write('a.json', 'text')
    await chmod(join(directory, 'a.json'), mode)
    await expect(files.read('a.json')).rejects.toThrow('others than its owner may write it')
  })

  it('is refused when it is a link, a directory or too large', async () => {
    await files.write('a.json', 'text')
    await symlink(join(directory, 'a.json'), join(directory, 'link.json'))
    await mkdir(join(directory, 'directory.json'))
    await expect(files.read('link.json')).rejects.toThrow(/ELOOP/)
    await chmod(join(directory, 'directory.json'), 0o700)
    await expect(files.read('directory.json')).rejects.toThrow('it is not a file')
    await truncate(join(directory, 'a.json'), 1_048_577)
    await expect(files.read('a.json')).rejects.toThrow('more than 1048576 bytes')
  })
})
