/** Who may import whom. Each rule teaches; ARCHITECTURE.md draws the same picture. */
const rooms = [
  'bearer',
  'policy',
  'jwks',
  'token',
  'check',
  'introspection',
  'revocation',
  'http1',
  'http2',
  'envoy',
  'forward-auth',
  'telemetry',
  'workers',
  'config',
  'doctor',
  'cli',
  'dev',
]

/** A room and the rooms it may import; `types` are rooms whose types alone it may import. */
const borders = [
  {
    room: 'bearer',
    may: [],
    why: 'bearer/ is RFC 6750 and nothing else, so that it can be audited alone.',
  },
  {
    room: 'policy',
    may: [],
    why: 'policy/ is pure: paths, routes and demands, without token, clock or network.',
  },
  { room: 'jwks', may: [], why: 'jwks/ keeps key sets alive and must not know what they verify.' },
  {
    room: 'token',
    may: ['jwks'],
    why: 'token/ trusts tokens; routes, scopes and proxies are not its matter.',
  },
  {
    room: 'check',
    may: ['bearer', 'policy', 'token'],
    why: 'check/ decides and knows no proxy. If it needs something from a door, add a field to CheckRequest.',
  },
  {
    room: 'introspection',
    may: ['jwks', 'token'],
    why: 'introspection/ asks issuers about tokens; what a token may do is decided in check/.',
  },
  {
    room: 'revocation',
    may: [],
    types: ['check'],
    why: 'revocation/ knows what is revoked; check/ asks it, and declares how.',
  },
  {
    room: 'http1',
    may: [],
    why: 'http1/ is the part of RFC 9112 that proxies ask in, so that it can be audited alone; what a question is, forward-auth/ knows.',
  },
  {
    room: 'http2',
    may: [],
    why: 'http2/ is RFC 9113 and RFC 7541, so that it can be audited alone; what gRPC is, and a check, envoy/ knows.',
  },
  {
    room: 'envoy',
    may: ['check', 'http2'],
    why: 'A door that verifies or decides by itself gives two proxies different answers. Add it to check/.',
  },
  {
    room: 'forward-auth',
    may: ['check', 'http1'],
    why: 'A dialect translates. What it decided by itself another proxy would decide otherwise; add it to check/.',
  },
  {
    room: 'dev',
    may: [],
    why: 'dev/ is an authorization server: it shares nothing with the gate that judges its tokens.',
  },
  {
    room: 'config',
    may: ['policy', 'jwks', 'revocation'],
    types: ['check', 'introspection', 'token'],
    why: 'config/ compiles settings; it starts nothing and decides nothing.',
  },
  {
    room: 'doctor',
    may: [],
    why: 'doctor/ reads what others wrote: it must run where no gate is configured, and never starts one.',
  },
  {
    room: 'telemetry',
    may: [],
    types: ['check', 'introspection', 'jwks', 'token', 'revocation'],
    why: 'telemetry/ listens. A value import would let a metric change a decision.',
  },
  {
    room: 'workers',
    may: ['revocation'],
    types: ['telemetry'],
    why: 'workers/ keeps processes alive and carries what they say; what a gate is stays in server.ts.',
  },
  {
    room: 'cli',
    may: ['config', 'dev', 'doctor', 'telemetry', 'workers'],
    why: 'A command is argv, a call and an exit code; what it runs is built in server.ts.',
  },
]

const homes = [
  { pattern: '^node_modules/@grpc/|grpc-health-check', rooms: ['envoy'] },
  { pattern: '^node_modules/protobufjs', rooms: ['envoy'] },
  { pattern: '^node_modules/jose', rooms: ['jwks', 'introspection', 'dev'] },
  { pattern: '^node_modules/lru-cache', rooms: ['jwks', 'token', 'introspection'] },
  { pattern: '^node_modules/prom-client', rooms: ['telemetry'] },
  { pattern: '^node_modules/(zod|fastest-levenshtein)', rooms: ['config'] },
  { pattern: '^node_modules/yaml', rooms: ['config', 'doctor', 'revocation'] },
  { pattern: '^node_modules/ioredis', rooms: ['revocation'] },
  { pattern: '^node_modules/commander', rooms: ['cli'] },
]

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one file, or a third is missing.',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that nobody imports is not part of the product: use it or delete it.',
      from: { orphan: true, path: '^src/', pathNot: '^src/main[.]ts$' },
      to: {},
    },
    {
      name: 'rooms-by-the-door',
      severity: 'error',
      comment:
        'Another room is entered through its index.ts. If what you need is not exported there, ask whether it should be.',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '/index[.]ts$'] },
    },
    {
      name: 'server-enters-by-the-door',
      severity: 'error',
      comment: 'The composition root too uses only what a room promises in its index.ts.',
      from: { path: '^src/(server|doors)[.]ts$' },
      to: { path: '^src/[^/]+/', pathNot: '/index[.]ts$' },
    },
    {
      name: 'only-commands-start-the-gate',
      severity: 'error',
      comment: 'server.ts builds every room; a room that imports it would build itself.',
      from: { path: '^src/[^/]+/', pathNot: '^src/cli/' },
      to: { path: '^src/(server|doors|main)[.]ts$' },
    },
    {
      name: 'src-is-the-product',
      severity: 'error',
      comment:
        'Tests import the product, never the other way round; development packages are not installed with it.',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-dev-packages',
      severity: 'error',
      comment: 'A development package is not there where the product runs.',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    ...borders.map(({ room, may, why }) => ({
      name: `${room}-imports`,
      severity: 'error',
      comment: why,
      from: { path: `^src/${room}/` },
      to: {
        path: `^src/(${rooms.filter((other) => other !== room && !may.includes(other)).join('|')})/`,
        dependencyTypesNot: ['type-only'],
      },
    })),
    ...borders.map(({ room, may, types = [], why }) => ({
      name: `${room}-imports-types`,
      severity: 'error',
      comment: `${why} Not even its types.`,
      from: { path: `^src/${room}/` },
      to: {
        path: `^src/(${rooms.filter((other) => other !== room && !may.includes(other) && !types.includes(other)).join('|')})/`,
      },
    })),
    ...homes.map(({ pattern, rooms: home }) => ({
      name: `one-home-for-${pattern.replace(/[^a-z0-9]+/gi, '-')}`,
      severity: 'error',
      comment: `This package lives in ${home.join(', ')} only, so that an upgrade is that much reading.`,
      from: { path: '^src/', pathNot: `^src/(${home.join('|')})/` },
      to: { path: pattern, dependencyTypesNot: ['type-only'] },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
