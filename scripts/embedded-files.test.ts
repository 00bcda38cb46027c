import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findEmbeddedFiles, rewriteFileUrls } from "./embedded-files.ts";

function withModule<T>(source: string, check: (repository: string, module: string) => T): T {
  const repository = mkdtempSync(join(tmpdir(), "embedded-"));
  try {
    mkdirSync(join(repository, "packages/a/src"), { recursive: true });
    const module = join(repository, "packages/a/src/a.ts");
    writeFileSync(module, source);
    return check(repository, module);
  } finally {
    rmSync(repository, { recursive: true, force: true });
  }
}

const SOURCE = `const worker = new Worker(new URL("./log/w.ts", import.meta.url));
const packs = new URL("../../../packs/", import.meta.url);`;

describe("findEmbeddedFiles()", () => {
  test("tells workers from assets", () => {
    withModule(SOURCE, (repository, module) => {
      expect(findEmbeddedFiles([module], repository)).toEqual({
        workers: [join(repository, "packages/a/src/log/w.ts")],
        assets: ["packs"],
      });
    });
  });

  test("refuses ways to find a file that a bundle breaks", () => {
    withModule(`readFileSync(join(import.meta.dirname, "a.json"))`, (repository, module) => {
      expect(() => findEmbeddedFiles([module], repository)).toThrow("packages/a/src/a.ts: write new URL");
    });
  });
});

describe("findEmbeddedFiles() on a module that asks where it runs", () => {
  test("lets it find files its own way", () => {
    const source = `const at = import.meta.url.includes("/$bunfs/") ? "" : import.meta.dirname;`;
    withModule(source, (repository, module) => {
      expect(findEmbeddedFiles([module], repository)).toEqual({ workers: [], assets: [] });
    });
  });
});

describe("rewriteFileUrls()", () => {
  test("points into the executable", () => {
    expect(rewriteFileUrls(SOURCE, "/r/packages/a/src/a.ts", "/r")).toBe(
      `const worker = new Worker(new URL("file:///$bunfs/root/packages/a/src/log/w.js"));
const packs = new URL("file:///$bunfs/root/packs/");`,
    );
  });
});
