import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { checkLayers, type Manifest, readSources } from "./check-layers.ts";
import { findCycles } from "./find-cycles.ts";
import { scanImports } from "./scan-imports.ts";

const manifest = (folder: string, name: string, dependencies: readonly string[]): Manifest => ({
  folder,
  name,
  dependencies,
  devDependencies: folder === "" ? ["fast-check"] : [],
});
const MANIFESTS = [
  manifest("", "aegisflow", []),
  manifest("packages/core/", "@aegisflow/core", ["@aegisflow/evidence", "zod", "yaml"]),
  manifest("packages/client/", "@aegisflow/client", ["@aegisflow/core"]),
  manifest("packages/server/", "@aegisflow/server", ["@aegisflow/core"]),
];

/** The breaches of a repository with these files; what they import exists unless it says `missing`. */
function breachesOf(files: Readonly<Record<string, string>>): string[] {
  const given = Object.entries(files).map(([path, source]) => ({ path, imports: scanImports(source) }));
  const named = given.flatMap(({ path, imports }) => imports.map(({ specifier }) => join(path, "..", specifier)));
  const others = named.filter((path) => path.endsWith(".ts") && !path.includes("missing") && !(path in files));
  const packages = [
    "packages/core/src/index.ts",
    "packages/core/src/errors.ts",
    "packages/evidence/src/index.ts",
    "packages/evidence/src/tiles.ts",
  ];
  return checkLayers({
    files: [...given, ...[...others, ...packages].map((path) => ({ path, imports: [] }))],
    manifests: MANIFESTS,
  });
}

const SERVER = "packages/server/src";

describe("checkLayers() accepts", () => {
  test.each([
    [
      "a subsystem that knows the ports",
      {
        [`${SERVER}/approvals/approvals.ts`]:
          'import type { Clock } from "../governance/ports.ts";\nimport { AegisError } from "@aegisflow/core/errors";\nimport { x } from "./sweep.ts";',
      },
    ],
    [
      "an adapter of a store port",
      { [`${SERVER}/storage/memory/a.ts`]: 'import type { S } from "../../approvals/approval-store.ts";' },
    ],
    [
      "a gate that enters a subsystem through its face",
      { [`${SERVER}/gates/mcp/a.ts`]: 'import { x } from "../../identity/identity.ts";' },
    ],
    [
      "compose, which knows all",
      {
        [`${SERVER}/compose.ts`]:
          'import { x } from "./storage/memory/a.ts";\nimport { y } from "./runtime/bun/bun-runtime.ts";',
      },
    ],
    [
      "a test that reaches anywhere",
      {
        [`${SERVER}/approvals/a.test.ts`]:
          'import { x } from "../storage/memory/a.ts";\nimport fc from "fast-check";\nimport { test } from "bun:test";',
      },
    ],
    [
      "types of a package that a package of ours shows",
      { "packages/client/src/a.ts": 'import type { z } from "zod";' },
    ],
    [
      "a circle of types",
      {
        [`${SERVER}/http/a.ts`]: 'import type { B } from "./b.ts";',
        [`${SERVER}/http/b.ts`]: 'import { type A } from "./a.ts";',
      },
    ],
  ])("%s", (_, files) => {
    expect(breachesOf(files)).toEqual([]);
  });
});

describe("checkLayers() reports", () => {
  test.each([
    [
      "one subsystem in another",
      { [`${SERVER}/approvals/a.ts`]: 'import { x } from "../identity/identity.ts";' },
      "may not import packages/server/src/identity/identity.ts",
    ],
    [
      "a way past a face",
      { [`${SERVER}/gates/mcp/a.ts`]: 'import { x } from "../../approvals/sweep.ts";' },
      "may not import packages/server/src/approvals/sweep.ts",
    ],
    [
      "a type past a port",
      { [`${SERVER}/approvals/a.ts`]: 'import type { G } from "../governance/govern.ts";' },
      "may not import packages/server/src/governance/govern.ts",
    ],
    [
      "evidence that imports anything of ours",
      { "packages/evidence/src/a.ts": 'import { x } from "@aegisflow/core";' },
      "may not import packages/core/src/index.ts",
    ],
    [
      "core beyond canonical JSON",
      { "packages/core/src/a.ts": 'export * from "@aegisflow/evidence/tiles";' },
      "may not import packages/evidence/src/tiles.ts",
    ],
    [
      "a dynamic import",
      { [`${SERVER}/http/a.ts`]: 'const a = await import("../policy/policy.ts");' },
      "may not import packages/server/src/policy/policy.ts",
    ],
    [
      "a worker of another layer",
      { [`${SERVER}/http/a.ts`]: 'new Worker(new URL("../policy/worker.ts", import.meta.url));' },
      "may not import packages/server/src/policy/worker.ts",
    ],
    ["a missing file", { [`${SERVER}/http/a.ts`]: 'import "./missing.ts";' }, "which does not exist"],
    [
      "test code in the product",
      { [`${SERVER}/http/a.ts`]: 'import { x } from "./b.test.ts";' },
      "which only tests may",
    ],
    [
      "a library away from home",
      { [`${SERVER}/http/a.ts`]: 'import { z } from "zod";' },
      "imports zod away from its home",
    ],
    [
      "a package nobody declared",
      { [`${SERVER}/http/a.ts`]: 'import x from "left-pad/deep";' },
      "imports left-pad, which its package.json does not declare",
    ],
    [
      "a built-in module without its prefix",
      { [`${SERVER}/http/a.ts`]: 'import { join } from "path";' },
      "write node:path",
    ],
    [
      "a built-in module in a browser's package",
      { "packages/client/src/a.ts": 'import { join } from "node:path";' },
      "also runs in browsers",
    ],
    [
      "SQLite outside the runtime",
      { [`${SERVER}/storage/embedded/a.ts`]: 'import { Database } from "bun:sqlite";' },
      "away from its home",
    ],
    ["a folder without a layer", { "packages/new/src/a.ts": 'import "./b.ts";' }, "belongs to no layer"],
    [
      "a circle",
      { [`${SERVER}/http/a.ts`]: 'import "./b.ts";', [`${SERVER}/http/b.ts`]: 'import "./a.ts";' },
      "http/a.ts -> packages/server/src/http/b.ts -> packages/server/src/http/a.ts",
    ],
  ])("%s", (_, files, problem) => {
    expect(breachesOf(files)).toEqual([expect.stringContaining(problem)]);
  });
});

describe("scanImports()", () => {
  test("finds every form, with its line, and knows types", () => {
    const source = [
      'import a, { b, type C } from "one";',
      "import {",
      "  type D,",
      "  type E,",
      '} from "two";',
      'import type F from "three";',
      'export * from "four";',
      'export type { G } from "five";',
      'import "six";',
      'import * as h from "seven";',
      'const i = await import("eight");',
      'export const from = "not";',
    ].join("\n");
    expect(scanImports(source).map(({ specifier, line, typeOnly }) => `${specifier} ${line} ${typeOnly}`)).toEqual([
      "one 1 false",
      "two 2 true",
      "three 6 true",
      "four 7 false",
      "five 8 true",
      "six 9 false",
      "seven 10 false",
      "eight 11 false",
    ]);
  });

  test("is not fooled by comments and program text in strings", () => {
    const source =
      '// import "a";\n/*\nimport "b";\n*/\nconst t = `\nimport "c";\n`;\nconst u = \'import("d")\';\nconst v = "https://x"; // import("e")\nimport "f";';
    expect(scanImports(source)).toEqual([{ specifier: "f", line: 10, typeOnly: false }]);
  });
});

describe("findCycles()", () => {
  test("finds one way around for each circle", () => {
    const graph = new Map([
      ["a", ["b", "x"]],
      ["b", ["c"]],
      ["c", ["a", "d"]],
      ["d", ["d"]],
      ["e", ["a"]],
    ]);
    const cycles = findCycles(graph).map((cycle) => cycle.join(" "));
    expect(new Set(cycles)).toEqual(new Set(["a b c a", "d d"]));
    expect(
      findCycles(
        new Map([
          ["a", ["b"]],
          ["b", []],
        ]),
      ),
    ).toEqual([]);
  });
});

test("the repository is read whole", () => {
  const { files, manifests } = readSources(join(import.meta.dirname, ".."));
  expect(files.length).toBeGreaterThan(300);
  expect(manifests.map(({ name }) => name)).toContain("@aegisflow/server");
  expect(files.find(({ path }) => path === "scripts/check-layers.ts")?.imports.length).toBeGreaterThan(4);
});
