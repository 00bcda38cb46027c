/**
 * `bun scripts/check-layers.ts`: every import of the repository against the table in layers.ts. Prints one line per
 * breach (`file:line: what; what to do`) and ends with status 1 when there is one.
 * Checked: who imports whom, one face per subsystem, library homes, declared packages, no cycles, no test code in the
 * product.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix } from "node:path";
import { findCycles } from "./find-cycles.ts";
import { BROWSER_LAYERS, LAYERS, type Layer, LIBRARY_HOMES, TEST_FILES } from "./layers.ts";
import { type FoundImport, scanImports } from "./scan-imports.ts";

const SOURCE_FOLDERS = ["packages", "scripts", "bench", "tests", "examples"];

export interface SourceFile {
  readonly path: string;
  readonly imports: readonly FoundImport[];
}

export interface Manifest {
  /** Folder of the package.json, ending in `/`; empty for the repository's own. */
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

export interface Sources {
  readonly files: readonly SourceFile[];
  readonly manifests: readonly Manifest[];
}

/** Every breach, one line each, sorted. */
export function checkLayers({ files, manifests }: Sources): string[] {
  const known = new Set(files.map(({ path }) => path));
  const breaches = files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const target = resolveImport(file.path, found.specifier);
      const problem =
        target === undefined ? checkPackage(file.path, found, manifests) : checkFile(file.path, target, known);
      return problem === undefined ? [] : [`${file.path}:${found.line}: ${problem}`];
    }),
  );
  const graph = new Map(files.map((file) => [file.path, internalTargets(file)]));
  const cycles = findCycles(graph).map(
    (cycle) => `${cycle[0]}:1: imports itself in a circle: ${cycle.join(" -> ")}; move what they share into one file`,
  );
  return [...breaches, ...cycles].sort();
}

/** Types are gone when the program runs, so a circle of types is none. */
function internalTargets({ path, imports }: SourceFile): string[] {
  return imports.filter(({ typeOnly }) => !typeOnly).flatMap(({ specifier }) => resolveImport(path, specifier) ?? []);
}

/** Repository path of an import of our own code; undefined for packages and built-in modules. */
function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(from), specifier);
  const [, name, rest = "index"] = /^@aegisflow\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  return name === undefined ? undefined : `packages/${name}/src/${rest}.ts`;
}

function checkFile(from: string, to: string, known: ReadonlySet<string>): string | undefined {
  if (!to.endsWith(".ts") && !to.endsWith(".tsx")) return undefined;
  if (!known.has(to)) return `imports ${to}, which does not exist; correct the path`;
  if (isTestFile(from)) return undefined;
  if (isTestFile(to) && from.startsWith("packages/"))
    return `imports ${to}, which only tests may; move what it needs into a product file`;
  const layer = layerOf(from);
  if (layer === undefined) return "belongs to no layer; add its folder to scripts/layers.ts";
  if (layerOf(to) === layer || layer.imports.some((allowed) => isWithin(to, allowed))) return undefined;
  return `may not import ${to}; go through a port or a face (scripts/layers.ts lists what ${layer.folder} may import)`;
}

function checkPackage(from: string, found: FoundImport, manifests: readonly Manifest[]): string | undefined {
  const name = packageName(found.specifier);
  const homes = LIBRARY_HOMES[name];
  const isTest = isTestFile(from);
  const away = homes !== undefined && !homes.some((home) => isWithin(from, home));
  if (away && !isTest && !found.typeOnly)
    return `imports ${name} away from its home (${homes.join(", ") || "tests"}); use that folder's face`;
  if (isBuiltin(found.specifier) || name.startsWith("bun:") || name === "bun")
    return checkBuiltin(from, found.specifier, isTest);
  return isDeclared(from, name, { isTest, typeOnly: found.typeOnly }, manifests)
    ? undefined
    : `imports ${name}, which its package.json does not declare; declare it there`;
}

function checkBuiltin(from: string, specifier: string, isTest: boolean): string | undefined {
  if (isBuiltin(specifier) && specifier !== "bun" && !specifier.includes(":"))
    return `imports ${specifier} without node: in front; write node:${specifier}`;
  const browser = Object.keys(BROWSER_LAYERS).find((folder) => from.startsWith(folder));
  if (browser === undefined || isTest) return undefined;
  const exempt = BROWSER_LAYERS[browser]?.some((allowed) => isWithin(from, allowed)) ?? false;
  return exempt ? undefined : `imports ${specifier}, but ${browser} also runs in browsers; take it as a port`;
}

interface ImportKind {
  readonly isTest: boolean;
  readonly typeOnly: boolean;
}

/** By its own package; tests and scripts serve all packages and may use what any declares; types may come through a package of ours. */
function isDeclared(
  from: string,
  name: string,
  { isTest, typeOnly }: ImportKind,
  manifests: readonly Manifest[],
): boolean {
  const [own] = manifests
    .filter(({ folder }) => from.startsWith(folder))
    .sort((a, b) => b.folder.length - a.folder.length);
  if (own === undefined) return false;
  if (own.dependencies.includes(name)) return true;
  if (isTest || own.folder === "")
    return manifests.some((any) => [...any.dependencies, ...any.devDependencies].includes(name));
  return (
    typeOnly && manifests.some((other) => own.dependencies.includes(other.name) && other.dependencies.includes(name))
  );
}

/** `@scope/name/sub` -> `@scope/name`, `name/sub` -> `name`, `node:fs/promises` -> `node:fs/promises`. */
function packageName(specifier: string): string {
  if (specifier.startsWith("node:") || specifier.startsWith("bun:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function layerOf(path: string): Layer | undefined {
  return LAYERS.filter(({ folder }) => path.startsWith(folder)).sort((a, b) => b.folder.length - a.folder.length)[0];
}

function isTestFile(path: string): boolean {
  return path.startsWith("tests/") || TEST_FILES.some((pattern) => pattern.test(path));
}

/** A folder (`…/`), a file, or all files with an ending below a folder (`…/*-store.ts`). */
function isWithin(path: string, allowed: string): boolean {
  if (allowed.endsWith("/")) return path.startsWith(allowed);
  const [folder = "", ending] = allowed.split("*");
  return ending === undefined ? path === allowed : path.startsWith(folder) && path.endsWith(ending);
}

/** Reads the repository. */
export function readSources(root: string): Sources {
  const files = SOURCE_FOLDERS.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => sourcePaths(root, folder))
    .map((path) => ({ path, imports: scanImports(readFileSync(join(root, path), "utf8")) }));
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/`);
  const manifests = ["", ...packages]
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => readManifest(root, folder));
  return { files, manifests };
}

function sourcePaths(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : sourcePaths(root, path);
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

function readManifest(root: string, folder: string): Manifest {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  return {
    folder,
    name: String(manifest.name),
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
  };
}

if (import.meta.main) {
  const sources = readSources(join(import.meta.dirname, ".."));
  const breaches = checkLayers(sources);
  for (const breach of breaches) console.error(breach);
  console.log(`layers: ${sources.files.length} files, ${breaches.length} breaches`);
  process.exit(breaches.length === 0 ? 0 : 1);
}
