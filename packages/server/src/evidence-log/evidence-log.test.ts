/** The log as the server opens it: a real folder, the writer in its thread, the index in SQLite. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fromHex,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseTrustPolicy,
  utf8Encode,
  verifyBundle,
  verifyConsistency,
} from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { EvidenceDraft } from "../governance/ports.ts";
import { loadRuntime } from "../runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../runtime/sources.ts";
import { type EvidenceLog, openEvidenceLog, recoverAcceptLoss } from "./evidence-log.ts";
import { segmentPath } from "./segment-format.ts";

const runtime = await loadRuntime();
const clock = createSystemClock();
const ids = createUuidIds(clock, systemRandom);
const SESSION = { tenant: "t", sid: "s1" };
const POLICY = `sha256:${"b".repeat(64)}`;

let root = "";
let count = 0;
const opened: EvidenceLog[] = [];
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "aegisflow-log-"));
});
afterAll(async () => {
  for (const log of opened) await log.close();
  rmSync(root, { recursive: true, force: true });
});

const newFolder = (): string => join(root, `log-${++count}`);

async function open(
  folder: string,
  limits: Parameters<typeof openEvidenceLog>[0]["limits"] = {},
): Promise<EvidenceLog> {
  const log = await openEvidenceLog({
    folder,
    logName: "test.invalid/log",
    clock,
    ids,
    random: systemRandom,
    openSqlite: (path) => runtime.openSqlite(path),
    limits: { ballastBytes: 0, reserveBytes: 0, ...limits },
    onFatal: (error) => {
      throw error;
    },
  });
  opened.push(log);
  return log;
}

function decision(effect: string, changes: Partial<EvidenceDraft> = {}): EvidenceDraft {
  const disclosures = { args: { title: "fix", ratio: 0.5 }, target: "acme/api" };
  return { ...SESSION, kind: "decision", p: { effect, fp: "f", policy: POLICY }, disclosures, ...changes };
}

async function act(log: EvidenceLog, session = SESSION): Promise<string> {
  const { leaf } = await log.append(decision("allow", session));
  const outcome = { ...session, kind: "outcome", p: { fp: "f", status: "executed" }, ref: { decision: leaf } } as const;
  await log.append({ ...outcome, disclosures: { response: "ok" } });
  return leaf;
}

async function loadPolicy(log: EvidenceLog): Promise<void> {
  await log.append({ tenant: "system", sid: "policies", kind: "policy.load", p: { policy: POLICY }, disclosures: {} });
}

async function verdicts(log: EvidenceLog, bundle: string): Promise<string> {
  const policy = parseTrustPolicy(nodeCrypto, log.trustPolicy());
  const report = await verifyBundle(utf8Encode(bundle), { crypto: nodeCrypto, policy });
  const { consistent, complete, paired } = report.verdicts;
  return [consistent, complete, paired].map(({ verdict, reasons }) => [verdict, ...reasons].join(": ")).join(", ");
}

describe("openEvidenceLog()", () => {
  test("keeps chains, counts and checkpoints over a restart", async () => {
    const folder = newFolder();
    const log = await open(folder);
    for (let i = 0; i < 3; i++) await act(log);
    await log.append(decision("block"));
    await log.append(decision("review"));
    const before = log.session(SESSION);
    await log.close();
    const again = await open(folder);
    expect(again.status().recovered).toBeUndefined();
    const { started_at, first_hash, total_actions, allowed } = before ?? {};
    expect(again.session(SESSION)).toMatchObject({ started_at, first_hash, total_actions, allowed });
    expect(before).toMatchObject({
      total_actions: 5,
      allowed: 3,
      reviewed: 1,
      blocked: 1,
      chain_valid: true,
      state: "open",
    });
    expect(again.listSessions({ limit: 10 }).sessions.map(({ session_id }) => session_id)).toContain("s1");
    await act(again);
    // One more than was written: the review that nobody answered was closed as unknown by the restart.
    expect(await again.verifySession(SESSION)).toMatchObject({ valid: true, total_records: 12 });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "keys/kek.key")).mode & 0o777).toBe(0o600);
  });

  test("exports bundles that verify, and none that verify after an edit", async () => {
    const log = await open(newFolder());
    await loadPolicy(log);
    for (let i = 0; i < 300; i++) await act(log, { tenant: "t", sid: `s${i % 3}` });
    const bundle = await log.exportSession(SESSION);
    expect(await verdicts(log, bundle)).toBe("PASS, PASS, PASS");
    expect(await verdicts(log, bundle.replace('"status":"executed"', '"status":"failed"'))).toContain("FAIL");
    expect(await verdicts(log, bundle.slice(0, -200))).toContain("FAIL");
    await act(log);
    expect(await verdicts(log, await log.exportSession(SESSION))).toBe("PASS, PASS, PASS");
  });

  test("exports what the session's approvals lean on in other sessions", async () => {
    const log = await open(newFolder());
    await loadPolicy(log);
    const asked = await log.append(decision("review", { sid: "earlier" }));
    const approvals = { tenant: "t", sid: "approvals", disclosures: {} };
    const request = await log.append({
      ...approvals,
      kind: "approval.request",
      p: { approval: "a1", fp: "f" },
      ref: { decision: asked.leaf },
    });
    const p = { approval: "a1", fp: "f", requester_ref: "agent", reviewer_ref: "human", vote: "approve" };
    const vote = await log.append({ ...approvals, kind: "approval.vote", p, ref: { request: request.leaf } });
    const { leaf } = await log.append(decision("review"));
    await log.append({
      ...SESSION,
      kind: "approval.consume",
      p: { approval: "a1", fp: "f" },
      ref: { decision: leaf, vote: vote.leaf },
      disclosures: {},
    });
    const outcome = {
      ...SESSION,
      kind: "outcome",
      p: { fp: "f", status: "executed" },
      ref: { decision: leaf },
    } as const;
    await log.append({ ...outcome, disclosures: { response: "ok" } });
    expect(await verdicts(log, await log.exportSession(SESSION))).toBe("PASS, PASS, PASS");
  });

  test("erases a value for good and exports the rest", async () => {
    const log = await open(newFolder());
    await loadPolicy(log);
    const leaf = await act(log);
    await log.redact({
      ...SESSION,
      leaf,
      fields: ["target"],
      basis: "gdpr-17",
      requesterRef: "p1",
      authorityRef: "p2",
    });
    await log.append({ ...SESSION, kind: "session.close", p: {}, disclosures: {} });
    await log.redact({ ...SESSION, leaf, fields: "all", basis: "gdpr-17", requesterRef: "p1", authorityRef: "p2" });
    const bundle = await log.exportSession(SESSION);
    expect(await verdicts(log, bundle)).toBe("PASS, PASS, PASS");
    expect(bundle).not.toContain("acme/api");
    const report = await verifyBundle(utf8Encode(bundle), { crypto: nodeCrypto });
    expect(report.disclosure).toEqual({ disclosed: 1, redacted: 2, withheld: 0, mismatched: 0 });
  });

  test("proves inclusion and consistency, also when its tiles are lost", async () => {
    const folder = newFolder();
    const log = await open(folder);
    for (let i = 0; i < 100; i++) await Promise.all([act(log), act(log)]);
    const older = await log.checkpoint();
    for (let i = 0; i < 50; i++) await Promise.all([act(log), act(log)]);
    const { size, root: newest } = parseCheckpoint(parseNote(await log.checkpoint()).text);
    rmSync(join(folder, "tile"), { recursive: true });
    const { index, proof, checkpoint } = parseTlogProof(log.inclusionProof(7));
    expect([index, checkpoint]).toEqual([7, log.latestCheckpoint() ?? ""]);
    expect(proof.length).toBeGreaterThan(5);
    const firstRoot = parseCheckpoint(parseNote(older).text);
    const path = log.consistencyProof(firstRoot.size, size).map(fromHex);
    const claim = {
      firstSize: firstRoot.size,
      firstRoot: firstRoot.root,
      secondSize: size,
      secondRoot: newest,
      proof: path,
    };
    expect(verifyConsistency(nodeCrypto, claim)).toBe(true);
    expect(existsSync(join(folder, "tile/0/000"))).toBe(true);
    expect(() => log.inclusionProof(size)).toThrow("no checkpoint covers log index");
    expect(() => log.consistencyProof(0, 5)).toThrow("choose sizes");
  });

  test("takes values of any number, depth and size, and refuses what it cannot hold", async () => {
    const log = await open(newFolder());
    await loadPolicy(log);
    const nested = JSON.parse(`${"[".repeat(63)}1${"]".repeat(63)}`);
    await log.append(
      decision("block", {
        disclosures: {
          nested,
          deeper: [[nested]],
          huge: [1e300, -0],
          lone: "\ud800",
          tiny: 5e-324,
          large: "é".repeat(200_000),
          text: "日本\u0000",
        },
      }),
    );
    expect(await log.verifySession(SESSION)).toMatchObject({ valid: true });
    const bundle = await log.exportSession(SESSION);
    expect(await verdicts(log, bundle)).toBe("PASS, PASS, PASS");
    expect(bundle).toContain('"omitted":true');
    expect(bundle).toContain('"[1e+300,0]"');
    expect(log.append(decision("block", { p: { "no name": "x" } }))).rejects.toThrow("this cannot be recorded");
    expect(log.append(decision("block", { sid: "with space" }))).rejects.toThrow("visible ASCII");
    // A refused draft leaves no gap.
    await act(log);
    expect(await log.verifySession(SESSION)).toMatchObject({ valid: true, total_records: 4 });
  });

  test("refuses a second process, a closed session and a closed log", async () => {
    const folder = newFolder();
    const log = await open(folder);
    await log.append({ ...SESSION, kind: "session.close", p: {}, disclosures: {} });
    expect(log.append(decision("block"))).rejects.toThrow("is closed");
    expect(open(folder)).rejects.toMatchObject({ code: "conflict" });
    await log.close();
    expect(log.append(decision("block", { sid: "s2" }))).rejects.toMatchObject({ code: "unavailable" });
  }, 20_000);

  test("pages through sessions that were never saved and sessions that were", async () => {
    const folder = newFolder();
    const log = await open(folder);
    for (let i = 0; i < 7; i++) await act(log, { tenant: i % 2 === 0 ? "t" : "u", sid: `s${i}` });
    await log.checkpoint();
    for (let i = 7; i < 9; i++) await act(log, { tenant: "t", sid: `s${i}` });
    const first = log.listSessions({ tenant: "t", limit: 4 });
    const second = log.listSessions({ tenant: "t", limit: 4, cursor: first.nextCursor ?? "" });
    const names = [...first.sessions, ...second.sessions].map(({ session_id }) => session_id);
    expect(names).toEqual(["s8", "s7", "s6", "s4", "s2", "s0"]);
    expect(second.nextCursor).toBeUndefined();
  });
});

describe("an evidence log whose files were changed", () => {
  /** A closed log with some sessions, whose newest checkpoint covers everything. */
  async function closedLog(): Promise<string> {
    const folder = newFolder();
    const log = await open(folder, { segmentBytes: 20_000 });
    for (let i = 0; i < 60; i++) await act(log, { tenant: "t", sid: `s${i % 4}` });
    await log.close();
    return folder;
  }

  test("does not open when any segment is cut, at any of many places", async () => {
    const folder = await closedLog();
    const segments = readdirSync(join(folder, "segments")).filter((name) => name.endsWith(".seg"));
    expect(segments.length).toBeGreaterThan(3);
    for (const name of segments) {
      const whole = readFileSync(join(folder, "segments", name));
      for (const keep of [0, 1, 63, 64, 65, Math.floor(whole.length / 2), whole.length - 1]) {
        const copy = newFolder();
        cpSync(folder, copy, { recursive: true });
        truncateSync(join(copy, "segments", name), keep);
        expect(await outcomeOf(copy)).toMatch(/refused with 7[89]|session does not verify/);
      }
    }
  });

  test("does not open when it was set back to an older copy, unless everything was", async () => {
    const folder = newFolder();
    const log = await open(folder);
    await act(log);
    await log.close();
    const older = newFolder();
    cpSync(folder, older, { recursive: true });
    const again = await open(folder);
    await act(again);
    await again.close();
    for (const kept of ["lock", "checkpoint", "index.db"]) {
      const copy = newFolder();
      cpSync(older, copy, { recursive: true });
      for (const name of readdirSync(folder).filter((file) => file.startsWith(kept)))
        cpSync(join(folder, name), join(copy, name));
      expect(await outcomeOf(copy)).toBe("refused with 79");
    }
  });

  test("opens without its index and rebuilds it", async () => {
    const folder = await closedLog();
    for (const name of readdirSync(folder).filter((file) => file.startsWith("index.db"))) rmSync(join(folder, name));
    const log = await open(folder);
    expect(log.listSessions({ limit: 10 }).sessions.length).toBe(5);
    expect(await log.verifySession(SESSION)).toMatchObject({ valid: true });
  });

  test("notices a changed byte in an old segment when the session is verified", async () => {
    const folder = await closedLog();
    const path = join(folder, segmentPath(1));
    const bytes = readFileSync(path);
    bytes[700] = (bytes[700] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const log = await open(folder);
    const results = await Promise.all([0, 1, 2, 3].map((i) => log.verifySession({ tenant: "t", sid: `s${i}` })));
    expect(results.filter(({ valid }) => !valid).length).toBeGreaterThan(0);
    expect(log.listSessions({ limit: 10 }).sessions.some(({ chain_valid }) => !chain_valid)).toBe(true);
  });

  test("goes on under a new origin once the loss is accepted", async () => {
    const folder = await closedLog();
    truncateSync(join(folder, segmentPath(1)), 100);
    rmSync(join(folder, segmentPath(2)));
    expect(await outcomeOf(folder)).toBe("refused with 78");
    const { origin, previous, kept } = recoverAcceptLoss(folder);
    expect(existsSync(join(kept, segmentPath(1)))).toBe(true);
    expect([origin, previous.origin]).toEqual(["test.invalid/log/2", "test.invalid/log"]);
    const log = await open(folder);
    await loadPolicy(log);
    await act(log);
    expect(await verdicts(log, await log.exportSession(SESSION))).toBe("PASS, PASS, PASS");
    const first = readFileSync(join(folder, segmentPath(1)), "latin1");
    expect(first).toContain(`"kind":"session.open","log":"test.invalid/log/2"`);
    expect(first).toContain(`"previous_root":"${previous.root}"`);
  });
});

/** What comes of opening a folder and verifying its sessions. */
async function outcomeOf(folder: string): Promise<string> {
  let log: EvidenceLog;
  try {
    log = await open(folder);
  } catch (error) {
    return error instanceof Error && "exitCode" in error ? `refused with ${String(error.exitCode)}` : String(error);
  }
  const results = await Promise.all([0, 1, 2, 3].map((i) => log.verifySession({ tenant: "t", sid: `s${i}` })));
  await log.close();
  return results.every(({ valid }) => valid) ? "nothing noticed" : "session does not verify";
}
