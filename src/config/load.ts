/** From files to a configuration that can be run, or to every problem at once. */
import { compileConfig } from './compile.js'
import { readConfigDocuments } from './documents.js'
import type { GateConfig } from './gate-config.js'
import { ConfigError, type Finding } from './problem.js'
import { schemaFindings } from './schema-findings.js'
import { revocationProblems } from './revocation-problems.js'
import { configPartsSchema, configSchema } from './schema.js'

/**
 * Loads a file or a directory; with `texts`, what its files said earlier. What the configuration refers to, such as key
 * files, is read from disk in any case. Throws a ConfigError that carries every problem, in the order of the files.
 */
export async function loadConfig(
  path: string,
  texts?: ReadonlyMap<string, string>,
): Promise<GateConfig> {
  const documents = await readConfigDocuments(path, texts)
  const parsed = configSchema.safeParse(documents.value)
  const findings: Finding[] = parsed.success
    ? []
    : [...schemaFindings(parsed.error, documents.value)]
  // What only shows in the whole is reported in the same run, as far as its parts have the right shape.
  const parts = parsed.success ? parsed.data : configPartsSchema.parse(documents.value)
  const config = compileConfig(parts, (at) => documents.directoryOf(at), findings)
  const problems = [...documents.repeated, ...findings.map((finding) => documents.locate(finding))]
  // Which issuers a list may name is known once everything else is good.
  if (problems.length === 0) problems.push(...(await revocationProblems(config, documents)))
  if (problems.length > 0) {
    throw new ConfigError(
      problems.sort(
        (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
      ),
    )
  }
  return config
}
