/** The log and its writing thread in the other places they must run: Node 24, and a compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "../../../..");
const ENTRY = join(import.meta.dirname, "simulation/append-once.ts");
const WORKER = join(import.meta.dirname, "segment-writer-worker.ts");
const TIMEOUT_MS = 60_000;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegisflow-runtimes-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the program prints: the verdicts on the bundle it exported. */
function run(command: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: "utf8", cwd: folder });
  return status === 0 ? stdout.trim() : `${status}: ${stderr}`;
}

describe("the evidence log", () => {
  test(
    "runs on Node 24",
    () => {
      expect(run(join(REPOSITORY, "node_modules/.bin/node"), [ENTRY, join(folder, "node")])).toBe(
        "PASS PASS PASS, 4 records",
      );
    },
    TIMEOUT_MS,
  );

  test(
    "runs in a compiled binary, started from anywhere",
    () => {
      const binary = join(folder, "append-once");
      const built = spawnSync(process.execPath, ["build", "--compile", ENTRY, WORKER, "--outfile", binary], {
        encoding: "utf8",
      });
      expect(built.status).toBe(0);
      expect(run(binary, [join(folder, "binary")])).toBe("PASS PASS PASS, 4 records");
    },
    TIMEOUT_MS,
  );
});
