/**
 * How files beside the code get into a single binary. Sources name them in one way only:
 * `new URL("./relative", import.meta.url)`, with string literal. In the binary all code lies in one bundle, so that
 * the build rewrites each such expression to the file's place in the embedded file system: a `.ts` file is a worker and
 * becomes an entry point of its own, everything else is an asset embedded under its path in the repository.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Where Bun mounts the embedded files of a Linux or macOS executable. */
const EMBEDDED_ROOT = "file:///$bunfs/root/";
const FILE_URL = /new URL\(\s*"([^"]+)",\s*import\.meta\.url,?\s*\)/g;
/** Other ways to find a file, which a bundle would break silently. */
const UNSUPPORTED = /import\.meta\.(?:dirname|dir|filename|path)\b|import\.meta\.resolve\(/;

/** A module that looks for this in its own URL does something else in a binary. */
const ASKS_WHERE_IT_RUNS = "/$bunfs/";

export interface EmbeddedFiles {
  /** Absolute paths. */
  readonly workers: readonly string[];
  /** Paths relative to the repository. */
  readonly assets: readonly string[];
}

/** @param modules absolute paths of the project's own modules in the bundle. */
export function findEmbeddedFiles(modules: readonly string[], repository: string): EmbeddedFiles {
  const workers = new Set<string>();
  const assets = new Set<string>();
  for (const module of modules) {
    const source = readFileSync(module, "utf8");
    if (UNSUPPORTED.test(source) && !source.includes(ASKS_WHERE_IT_RUNS)) {
      throw new Error(
        `${relative(repository, module)}: write new URL("./file", import.meta.url), other forms break in a binary`,
      );
    }
    for (const [, reference = ""] of source.matchAll(FILE_URL)) {
      const path = join(dirname(module), reference);
      if (path.endsWith(".ts")) workers.add(path);
      else assets.add(relative(repository, path.replace(/\/$/, "")));
    }
  }
  return { workers: [...workers].sort(), assets: [...assets].sort() };
}

/** The module's source with every file URL pointing into the executable. */
export function rewriteFileUrls(source: string, module: string, repository: string): string {
  return source.replace(FILE_URL, (_, reference: string) => {
    const path = relative(repository, join(dirname(module), reference)).replace(/\.ts$/, ".js");
    const slash = reference.endsWith("/") ? "/" : "";
    return `new URL(${JSON.stringify(`${EMBEDDED_ROOT}${path}${slash}`)})`;
  });
}
