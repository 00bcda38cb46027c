/** A small disk that fills up: nothing acknowledged is lost, nothing is acknowledged afterwards, and last words fit. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRuntime } from "../runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../runtime/sources.ts";
import { type EvidenceLog, openEvidenceLog } from "./evidence-log.ts";
import { createNodeFileSystem } from "./node-file-system.ts";
import { readStoredLog } from "./simulation/stored-log.ts";

const DISK_BYTES = 4 * 1024 * 1024;
const FILLER_BYTES = 2 * 1024 * 1024;
const LIMITS = { ballastBytes: 512 * 1024, reserveBytes: 256 * 1024, segmentBytes: 64 * 1024 };
const TIMEOUT_MS = 60_000;
const isRoot = process.platform === "linux" && process.getuid?.() === 0;

const runtime = await loadRuntime();
const clock = createSystemClock();
let disk = "";

beforeAll(() => {
  if (!isRoot) return;
  disk = mkdtempSync(join(tmpdir(), "aegisflow-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk]);
  writeFileSync(join(disk, "filler"), Buffer.alloc(FILLER_BYTES, 1));
});
afterAll(() => {
  if (disk === "") return;
  // Lazily: SQLite lets go of its file only when its statements are collected.
  execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true, force: true });
});

function open(fatal: string[]): Promise<EvidenceLog> {
  return openEvidenceLog({
    folder: join(disk, "evidence"),
    logName: "test.invalid/full",
    clock,
    random: systemRandom,
    openSqlite: (path) => runtime.openSqlite(path),
    ids: createUuidIds(clock, systemRandom),
    limits: LIMITS,
    onFatal: (error) => void fatal.push(error.code),
  });
}

describe("an evidence log on a full disk", () => {
  test.skipIf(!isRoot)(
    "fails closed, keeps what it acknowledged, and records its last words (needs root)",
    async () => {
      const fatal: string[] = [];
      const acknowledged = await fillDisk(await open(fatal));
      expect(fatal).toEqual(["unavailable"]);
      expect(acknowledged.length).toBeGreaterThan(100);
      // Full: the ballast makes room for what recovery has to say, and no more.
      const last = await failureOf(open(fatal));
      expect(last).toContain("disk is full");
      expect(existsSync(join(disk, "evidence/ballast"))).toBe(false);
      const records = readStoredLog(createNodeFileSystem(join(disk, "evidence")));
      const stored = new Set(records.map(({ leaf }) => leaf));
      expect(acknowledged.filter((leaf) => !stored.has(leaf))).toEqual([]);
      expect(records.some(({ header }) => header.kind === "recovery")).toBe(true);
      rmSync(join(disk, "filler"));
      const log = await open(fatal);
      expect(await log.verifySession({ tenant: "t", sid: "s0" })).toMatchObject({ valid: true });
      await log.close();
      expect(statSync(join(disk, "evidence/ballast")).size).toBe(LIMITS.ballastBytes);
    },
    TIMEOUT_MS,
  );
});

/** Appends until nothing is taken any more; the leaves that were acknowledged. */
async function fillDisk(log: EvidenceLog): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  const act = async (sid: string): Promise<void> => {
    for (;;) {
      const draft = {
        tenant: "t",
        sid,
        kind: "decision",
        p: { effect: "block" },
        disclosures: { args: "x".repeat(2000) },
      } as const;
      acknowledged.push((await log.append(draft)).leaf);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: 4 }, (_, i) => act(`s${i}`)));
  for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
  await log.close();
  return acknowledged;
}

async function failureOf(opening: Promise<EvidenceLog>): Promise<string> {
  try {
    await opening;
    return "it opens";
  } catch (error) {
    return String(error);
  }
}
