/**
 * A real process that appends with the real writer thread is killed at random moments, again and again, on one
 * folder. What it had been told is durable must be there at every next start, and no action may stay open.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createNodeFileSystem } from "./node-file-system.ts";
import { readStoredLog } from "./simulation/stored-log.ts";

/** Kills in CI. */
export const KILL_CYCLES = Number(process.env["AEGISFLOW_KILL_CYCLES"] ?? 40);
const LIFE_MS_MAX = 120;
const TIMEOUT_MS = 120_000;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegisflow-kill-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the evidence log of a killed process", () => {
  test(
    `keeps every acknowledged record through ${KILL_CYCLES} times kill -9`,
    async () => {
      const acknowledged = new Set<string>();
      for (let cycle = 0; cycle < KILL_CYCLES; cycle++) {
        for (const leaf of await appendUntilKilled(folder, Math.random() * LIFE_MS_MAX)) acknowledged.add(leaf);
      }
      const opened = await runWriter(folder, "close");
      expect(opened.code).toBe(0);
      const records = readStoredLog(createNodeFileSystem(folder));
      const stored = new Set(records.map(({ leaf }) => leaf));
      expect([...acknowledged].filter((leaf) => !stored.has(leaf))).toEqual([]);
      expect(acknowledged.size).toBeGreaterThan(KILL_CYCLES);
      const outcomes = new Set(
        records.filter(({ header }) => header.kind === "outcome").map(({ header }) => header.ref["decision"]),
      );
      const open = records.filter(({ header, leaf }) => header.kind === "decision" && !outcomes.has(leaf));
      expect(open.map(({ leaf }) => leaf)).toEqual([]);
      console.log(`kill -9: ${KILL_CYCLES} cycles, ${acknowledged.size} acknowledged records, 0 lost`);
    },
    TIMEOUT_MS,
  );
});

/** Starts the writer, kills it some time after its first acknowledgement; the leaves it was told are durable. */
async function appendUntilKilled(at: string, afterMs: number): Promise<readonly string[]> {
  const { leaves, code } = await runWriter(at, "append", afterMs);
  // 137 or null: killed; anything else means that it refused to start.
  expect(code).toBeNull();
  return leaves;
}

function runWriter(
  at: string,
  mode: "append" | "close",
  killAfterMs?: number,
): Promise<{ leaves: readonly string[]; code: number | null }> {
  const entry = join(import.meta.dirname, "simulation", "append-forever.ts");
  const child = spawn(process.execPath, [entry, at, mode], { stdio: ["ignore", "pipe", "inherit"] });
  const leaves: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    leaves.push(line);
    if (leaves.length === 1 && killAfterMs !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ leaves, code }));
  });
}
