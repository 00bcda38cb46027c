/**
 * A whole governed action: sealed, decided by a real policy, recorded durably, leased, run (by nothing) and its outcome
 * recorded durably. Two durable records each; no HTTP, so that the disk's share is plain to see.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActionDraft } from "@aegisflow/core";
import type { ToolRuleConfig } from "@aegisflow/core/config/policy-schema";
import { createCredentialBroker } from "@aegisflow/server/credentials/broker";
import { type EvidenceLog, openEvidenceLog } from "@aegisflow/server/evidence-log/evidence-log";
import { createGovernance, type Governance } from "@aegisflow/server/governance/govern";
import type { ApprovalsPort } from "@aegisflow/server/governance/ports";
import { buildPolicySnapshot } from "@aegisflow/server/policy/policy";
import { loadRuntime } from "@aegisflow/server/runtime/runtime";
import { createSystemClock, createUuidIds, systemRandom } from "@aegisflow/server/runtime/sources";
import { type BenchRow, percentiles } from "./bench-row.ts";
import { measureFdatasync } from "./limits.bench.ts";

const SESSION_COUNTS = [1, 8, 64];
const MEASURE_MS = 4_000;
const WARMUP_MS = 1_000;
const RULES = 100;
const SYNCS = 300;

export async function actionBench(report: (row: BenchRow) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "aegisflow-bench-"));
  const log = await openLog(folder);
  try {
    const governance = openGovernance(log);
    const disk = percentiles(measureFdatasync(SYNCS));
    for (const sessions of SESSION_COUNTS) reportLoad(report, sessions, disk.p50, await measure(governance, sessions));
  } finally {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Load {
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
}

function reportLoad(
  report: (row: BenchRow) => void,
  sessions: number,
  diskMs: number,
  { latenciesMs, elapsedMs }: Load,
): void {
  const { p50, p99 } = percentiles(latenciesMs);
  const perSecond = (latenciesMs.length / elapsedMs) * 1000;
  const name = `action, ${sessions} session${sessions === 1 ? "" : "s"}`;
  report({
    name: `${name}, p50`,
    measured: p50,
    unit: "ms",
    note: `${(p50 / diskMs).toFixed(1)} × the disk's fdatasync p50`,
  });
  report({ name: `${name}, p99`, measured: p99, unit: "ms" });
  report({
    name: `${name}, rate`,
    measured: perSecond,
    unit: "actions/s",
    note: `${Math.round(perSecond * 2)} durable records/s`,
  });
}

/** Every session asks for its next action when the one before has ended. */
async function measure(governance: Governance, sessions: number): Promise<Load> {
  const signal = new AbortController().signal;
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const measureFromMs = startedMs + WARMUP_MS;
  const endMs = measureFromMs + MEASURE_MS;
  async function runSession(session: number): Promise<void> {
    for (let turn = 0; performance.now() < endMs; turn += 1) {
      const beforeMs = performance.now();
      const governed = await governance.govern(draftOf(sessions, session, turn), runNothing, { signal });
      if (governed.kind !== "executed") throw new Error(`the action was ${governed.kind}`);
      if (beforeMs >= measureFromMs) latenciesMs.push(performance.now() - beforeMs);
    }
  }
  await Promise.all(Array.from({ length: sessions }, (_, session) => runSession(session)));
  return { latenciesMs, elapsedMs: performance.now() - measureFromMs };
}

function runNothing(): Promise<{ value: string; response: string }> {
  return Promise.resolve({ value: "done", response: "done" });
}

function draftOf(sessions: number, session: number, turn: number): ActionDraft {
  return {
    actor: { type: "agent", id: "bench-agent", session_id: `s-${sessions}-${session}`, tenant_id: "default" },
    task: "bench",
    protocol: "mcp",
    tool: "github.get_file_contents",
    target: `acme/api/src/file-${turn}.ts`,
    target_kind: "repo",
    parameters: { owner: "acme", repo: "api", path: `src/file-${turn}.ts`, ref: "main" },
    requested_capability: "read",
    effects: [],
  };
}

/** The rule that allows stands last: every other one is looked at, or skipped by the index. */
function benchRules(): readonly ToolRuleConfig[] {
  const blocks = Array.from({ length: RULES - 1 }, (_, index) => rule(`github.delete_thing_${index}*`, "block"));
  return [...blocks, rule("github.get_*", "allow")];
}

function rule(tool: string, decision: "allow" | "block"): ToolRuleConfig {
  return { protocol: "mcp", tool, decision };
}

function openGovernance(evidence: EvidenceLog): Governance {
  const clock = createSystemClock();
  const ids = createUuidIds(clock, systemRandom);
  const rules = benchRules().map((config, index) => ({ id: `bench/${index + 1}`, rule: config }));
  const snapshot = buildPolicySnapshot({ defaultDecision: "block", packs: [], rules }, 1);
  return createGovernance({
    policies: { current: () => snapshot, breakGlass: () => undefined },
    evidence,
    approvals: noApprovals,
    credentials: createCredentialBroker(ids, () => clock.nowMs()),
    events: { emit: () => undefined },
    sources: { clock, ids },
  });
}

/** Nothing here is under review. */
const noApprovals: ApprovalsPort = {
  claim: () => Promise.reject(new Error("no approval was expected")),
  request: () => Promise.reject(new Error("no approval was expected")),
  wait: () => Promise.reject(new Error("no approval was expected")),
};

async function openLog(folder: string): Promise<EvidenceLog> {
  const runtime = await loadRuntime();
  const clock = createSystemClock();
  return openEvidenceLog({
    folder: join(folder, "evidence"),
    logName: "bench.example/aegisflow",
    clock,
    ids: createUuidIds(clock, systemRandom),
    random: systemRandom,
    openSqlite: (path) => runtime.openSqlite(path),
    onFatal: (error) => {
      throw error;
    },
  });
}
