import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bunRuntime } from "./bun/bun-runtime.ts";
import { RUNTIME_CONTRACT } from "./runtime.contract.ts";
import { loadRuntime } from "./runtime.ts";

/** All cases in one child process on a busy machine. */
const NODE_RUN_TIMEOUT_MS = 60_000;

const fileFor = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

describe("the Bun runtime", () => {
  for (const { name, run } of RUNTIME_CONTRACT) test(name, () => run(bunRuntime));

  test("is the one chosen here", async () => {
    expect((await loadRuntime()).name).toBe("bun");
  });
});

describe("the Node runtime", () => {
  test(
    "keeps the same contract",
    () => {
      const node = fileFor("../../../../node_modules/.bin/node");
      const child = spawnSync(node, ["--no-warnings", fileFor("./contract-on-node.ts")], { encoding: "utf8" });
      const results = child.stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line): { name: string; failure: string | null } => JSON.parse(line));
      expect(results.filter(({ failure }) => failure !== null)).toEqual([]);
      expect(results.map(({ name }) => name)).toEqual(RUNTIME_CONTRACT.map(({ name }) => name));
    },
    NODE_RUN_TIMEOUT_MS,
  );
});
