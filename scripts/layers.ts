/**
 * Who may import whom, as data; docs/design/architecture.md says why, scripts/check-layers.ts checks it.
 * Paths are repository paths; one that ends in `/` means everything below it. The longest matching folder of
 * `LAYERS` is a file's layer; inside its own layer a file may import anything.
 */

export interface Layer {
  readonly folder: string;
  /** Files and folders outside the layer that it may import. */
  readonly imports: readonly string[];
}

const CORE = "packages/core/src/";
const EVIDENCE = "packages/evidence/src/";
const EFFECTS = "packages/effects/src/";
const CLIENT = "packages/client/src/";
const SERVER = "packages/server/src/";

const PORTS = `${SERVER}governance/ports.ts`;
const RUNTIME_PORT = `${SERVER}runtime/runtime.ts`;
/** A port belongs to its user: adapters implement these files and nothing else of the subsystem. */
const STORE_PORTS = `${SERVER}*-store.ts`;
/** A subsystem is entered through the file of its own name. */
const FACES = ["approvals", "configuration", "credentials", "evidence-log", "identity", "policy"].map(
  (name) => `${SERVER}${name}/${name}.ts`,
);
const LOG = `${SERVER}observability/log.ts`;

/** A subsystem knows what the pipeline asks of it, and never another subsystem. */
function subsystem(name: string, more: readonly string[] = []): Layer {
  return { folder: `${SERVER}${name}/`, imports: [PORTS, RUNTIME_PORT, CORE, EVIDENCE, ...more] };
}

/** A gate or an administrator's door: the pipeline, the faces of the subsystems, the HTTP pieces. */
const DOOR = [
  PORTS,
  `${SERVER}governance/govern.ts`,
  RUNTIME_PORT,
  STORE_PORTS,
  ...FACES,
  LOG,
  `${SERVER}http/`,
  CORE,
  EVIDENCE,
  EFFECTS,
];

export const LAYERS: readonly Layer[] = [
  { folder: EVIDENCE, imports: [] },
  { folder: CORE, imports: [`${EVIDENCE}index.ts`, `${EVIDENCE}canonical-json.ts`, `${EVIDENCE}strict-json.ts`] },
  { folder: EFFECTS, imports: [CORE] },
  { folder: CLIENT, imports: [CORE] },
  { folder: "packages/cli/src/", imports: [CLIENT, CORE, EFFECTS, EVIDENCE] },
  { folder: `${SERVER}governance/`, imports: [CORE, EVIDENCE] },
  subsystem("approvals"),
  subsystem("configuration"),
  subsystem("credentials"),
  subsystem("evidence-log"),
  subsystem("identity"),
  subsystem("observability"),
  subsystem("policy", [EFFECTS]),
  { folder: `${SERVER}runtime/`, imports: [PORTS, CORE] },
  { folder: `${SERVER}http/`, imports: [PORTS, RUNTIME_PORT, CORE, EVIDENCE] },
  { folder: `${SERVER}storage/`, imports: [PORTS, RUNTIME_PORT, STORE_PORTS, CORE] },
  { folder: `${SERVER}gates/`, imports: DOOR },
  { folder: `${SERVER}admin/`, imports: [...DOOR, `${SERVER}gates/mcp/tool-pins.ts`] },
  { folder: `${SERVER}examples/`, imports: [CORE, EVIDENCE, RUNTIME_PORT] },
  { folder: SERVER, imports: ["packages/"] },
  { folder: "scripts/", imports: ["packages/", "bench/", "tests/", "examples/"] },
  { folder: "bench/", imports: ["packages/", "scripts/"] },
  { folder: "tests/", imports: ["packages/", "scripts/", "examples/"] },
  { folder: "examples/", imports: ["packages/"] },
];

/**
 * Files that only tests run: they may import anything that exists, but no product file may import them.
 * `*.contract.ts` are tests of every adapter of a port, `*.corpus.ts` and `*.fixture.ts` their tables and
 * set-ups, `testing-*.ts` and `test-*.ts` their helpers,
 * `*-child.ts` the processes they kill.
 */
export const TEST_FILES: readonly RegExp[] = [
  /\.(?:test|contract|corpus|fixture)\.ts$/,
  /\/simulation\//,
  /^packages\/.*\/test(?:ing)?-[a-z-]+\.ts$/,
  /\/crash-child\.ts$/,
  /-(?:on-node|fixture)\.ts$/,
  /\/simulated-file-system\.ts$/,
];

/** Where a package or built-in module with a weight of its own may be imported; elsewhere it is behind that folder's face. */
export const LIBRARY_HOMES: Readonly<Record<string, readonly string[]>> = {
  yaml: [`${CORE}config/`, "scripts/"],
  zod: [CORE, "tests/", "scripts/"],
  commander: ["packages/cli/src/"],
  unbash: [EFFECTS],
  "@modelcontextprotocol/client": [`${SERVER}gates/mcp/upstreams/`, "scripts/", "tests/"],
  "@modelcontextprotocol/server": ["tests/", "examples/"],
  "eventsource-parser": [`${SERVER}gates/mcp/`, "packages/cli/src/mcp-bridge/"],
  bun: ["scripts/"],
  "bun:sqlite": [`${SERVER}runtime/bun/`],
  "bun:test": [],
  "node:sqlite": [`${SERVER}runtime/node/`],
  "node:http": [`${SERVER}runtime/node/`],
  "node:https": [`${SERVER}runtime/node/`],
  "node:worker_threads": [`${SERVER}evidence-log/`],
  "node:crypto": [`${CORE}action/`, `${EVIDENCE}node-crypto.ts`, SERVER, "packages/cli/src/", "scripts/"],
  "node:child_process": [`${SERVER}gates/mcp/upstreams/`, "scripts/", "bench/"],
};

/** Layers that also run in a browser: no built-in modules but in the files named. */
export const BROWSER_LAYERS: Readonly<Record<string, readonly string[]>> = {
  [EVIDENCE]: [`${EVIDENCE}node-crypto.ts`, `${EVIDENCE}verify-cli.ts`, `${EVIDENCE}verify-main.ts`],
  [CLIENT]: [],
  [CORE]: [`${CORE}action/`],
};
