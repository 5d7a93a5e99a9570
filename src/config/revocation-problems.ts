/** What is wrong with the files that revocation reads, found before the gate starts. Their contents go nowhere else. */
import { readFile } from 'node:fs/promises'
import { IssuerNames, parseAdminToken, parseRevocationFile } from '../revocation/index.js'
import type { ConfigDocuments } from './documents.js'
import type { GateConfig } from './gate-config.js'
import type { Problem } from './problem.js'

/** The problems of a configuration that is good in itself; those of a list with their place in its file. */
export async function revocationProblems(
  { revocation, trustedIssuers }: GateConfig,
  documents: Pick<ConfigDocuments, 'locate'>,
): Promise<readonly Problem[]> {
  if (revocation === undefined) return []
  const problems: Problem[] = []
  const read = async (name: string | undefined, key: string): Promise<string | undefined> => {
    if (name === undefined) return undefined
    const text = await readFile(name, 'utf8').catch(() => undefined)
    if (text === undefined) add(key, 'the file cannot be read')
    return text
  }
  const add = (key: string, message: string): void => {
    problems.push(documents.locate({ path: ['revocation', ...key.split('.')], message }))
  }
  const adminToken = await read(revocation.adminTokenFile, 'adminTokenFile')
  const parsed = adminToken === undefined ? undefined : parseAdminToken(adminToken)
  if (parsed?.kind === 'problem') add('adminTokenFile', `the token in the file ${parsed.message}`)
  const password = await read(revocation.redis?.passwordFile, 'redis.passwordFile')
  if (password?.trim() === '') add('redis.passwordFile', 'the file is empty')
  const ca = await read(revocation.redis?.caFile, 'redis.caFile')
  if (ca?.includes('-----BEGIN CERTIFICATE-----') === false) {
    add('redis.caFile', 'the file has no certificate in PEM')
  }
  const list = await read(revocation.file, 'file')
  if (list === undefined || revocation.file === undefined) return problems
  const file = parseRevocationFile(list, new IssuerNames(trustedIssuers), revocation.maxEntries)
  if (file.kind === 'problems') {
    const { file: name } = revocation
    problems.push(...file.problems.map((found) => ({ ...found, file: name, hint: undefined })))
  }
  return problems
}
