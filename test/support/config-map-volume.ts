/**
 * A ConfigMap as the kubelet mounts it: the names are links through `..data`, which is a link to a folder of the version. A
 * change is a new folder, and one rename of that link.
 */
import { mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ConfigMapVolume {
  /** Where it is mounted. */
  readonly directory: string
  /** Another content of the one file, all at once; the version before is then removed, as the kubelet does. */
  swap(text: string): Promise<void>
  readonly remove: () => Promise<void>
}

/** Mounts a ConfigMap of one file. */
export async function mountConfigMap(name: string, text: string): Promise<ConfigMapVolume> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-mounted-'))
  const current = join(directory, '..data')
  let version = 0
  async function swap(changed: string): Promise<void> {
    const before = await readlink(current).catch(() => undefined)
    version += 1
    const folder = `..version_${String(version)}`
    await mkdir(join(directory, folder))
    await writeFile(join(directory, folder, name), changed)
    await symlink(folder, join(directory, '..data_tmp'))
    await rename(join(directory, '..data_tmp'), current)
    if (before !== undefined) await rm(join(directory, before), { recursive: true })
  }
  await swap(text)
  await symlink(join('..data', name), join(directory, name))
  return {
    directory,
    swap,
    remove: async () => {
      await rm(directory, { recursive: true })
    },
  }
}
