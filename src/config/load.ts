/** From files to a configuration that can be run, or to every problem at once. */
import { compileConfig } from './compile.js'
import { readConfigDocuments } from './documents.js'
import type { GateConfig } from './gate-config.js'
import { ConfigError, type Finding } from './problem.js'
import { schemaFindings } from './schema-findings.js'
import { configSchema } from './schema.js'

/** Loads a file or a directory. Throws a ConfigError that carries every problem, in the order of the files. */
export async function loadConfig(path: string): Promise<GateConfig> {
  const documents = await readConfigDocuments(path)
  const parsed = configSchema.safeParse(documents.value)
  const findings: Finding[] = []
  let config: GateConfig | undefined
  if (parsed.success) {
    config = compileConfig(parsed.data, (at) => documents.directoryOf(at), findings)
  } else {
    findings.push(...schemaFindings(parsed.error, documents.value))
  }
  if (config === undefined || findings.length > 0) {
    const problems = findings.map((finding) => documents.locate(finding))
    throw new ConfigError(
      problems.sort(
        (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
      ),
    )
  }
  return config
}
