/** What must hold in every simulated world, however it was played. Each throws with what it found. */
import type { StoredRecord } from "./sim-evidence.ts";
import type { World } from "./world.ts";

export function assertInvariants(world: World): void {
  world.evidence.assertChains();
  const index = indexRecords(world);
  for (const execution of world.executions) assertExecutionWasDecided(world, index, execution);
  assertOneExecutionPerEnvelope(world);
  assertOneExecutionPerApproval(world, index);
  assertOneOutcomePerDecision(index);
  assertVotesAreByOthers(world);
  assertAnswersAreTrue(world);
}

interface RecordIndex {
  readonly decisions: ReadonlyMap<string, Placed>;
  readonly outcomes: ReadonlyMap<string, readonly Placed[]>;
  readonly consumed: ReadonlyMap<string, Placed>;
  readonly consumes: readonly Placed[];
}

interface Placed {
  readonly at: number;
  readonly record: StoredRecord;
}

function indexRecords(world: World): RecordIndex {
  const placed = world.evidence.records.map((record, at) => ({ at, record }));
  const ofKind = (kind: string): Placed[] => placed.filter(({ record }) => record.header.kind === kind);
  const refOf = ({ record }: Placed): string => record.header.ref["decision"] ?? "";
  const consumes = ofKind("approval.consume");
  return {
    decisions: new Map(ofKind("decision").map((entry) => [entry.record.header.p["action"] ?? "", entry])),
    outcomes: Map.groupBy(ofKind("outcome"), refOf),
    consumed: new Map(consumes.map((entry) => [refOf(entry), entry])),
    consumes,
  };
}

/** Nothing runs without a durable decision; what runs is byte for byte what was decided. */
function assertExecutionWasDecided(world: World, index: RecordIndex, execution: World["executions"][number]): void {
  const decision = index.decisions.get(execution.envelopeId);
  if (decision === undefined || decision.at >= execution.recordsBefore) {
    throw new Error(`${execution.envelopeId} ran before its decision was durable`);
  }
  const { header, draft, leaf } = decision.record;
  if (world.engineFailures.has(execution.envelopeId))
    throw new Error(`${execution.envelopeId} ran after an engine failed`);
  if (draft.disclosures["args"] !== execution.canonicalParameters || header.p["fp"] !== execution.fingerprint) {
    throw new Error(`${execution.envelopeId} ran something else than was decided`);
  }
  if (header.p["effect"] === "allow") return;
  const consume = index.consumed.get(leaf);
  if (header.p["effect"] !== "review" || consume === undefined || consume.at >= execution.recordsBefore) {
    throw new Error(`${execution.envelopeId} ran a ${header.p["effect"]} without an approval of its own`);
  }
}

function assertOneExecutionPerEnvelope(world: World): void {
  const ids = world.executions.map(({ envelopeId }) => envelopeId);
  if (new Set(ids).size !== ids.length) throw new Error("an envelope ran twice");
}

function assertOneExecutionPerApproval(world: World, index: RecordIndex): void {
  const approvals = index.consumes.map(({ record }) => record.header.p["approval"] ?? "");
  if (new Set(approvals).size !== approvals.length) throw new Error("an approval was consumed twice");
  for (const { record } of index.consumes) {
    const row = world.store.get(record.header.p["approval"] ?? "");
    if (row?.status !== "consumed") throw new Error(`an approval was spent but is ${row?.status}`);
    if (row.fingerprint !== record.header.p["fp"]) throw new Error("an approval was spent on another action");
  }
}

function assertOneOutcomePerDecision(index: RecordIndex): void {
  for (const [action, { record }] of index.decisions) {
    const outcomes = index.outcomes.get(record.leaf) ?? [];
    const expected = record.header.p["effect"] === "block" ? 0 : 1;
    if (outcomes.length !== expected) throw new Error(`${action} has ${outcomes.length} outcomes, not ${expected}`);
  }
}

function assertVotesAreByOthers(world: World): void {
  for (const { header } of world.evidence.records) {
    if (header.kind !== "approval.vote") continue;
    if (header.p["reviewer_ref"] === header.p["requester_ref"]) throw new Error("somebody settled their own request");
  }
  for (const row of world.store.list({ statuses: ["approved", "denied", "consumed"], limit: 1_000 })) {
    if (row.reviewer === row.requester) throw new Error("somebody's own vote settled their request");
  }
}

function assertAnswersAreTrue(world: World): void {
  const ran = new Set(world.executions.map(({ envelopeId }) => envelopeId));
  for (const answer of world.answers) {
    if (answer.kind === "executed" && !ran.has(answer.envelope.id)) throw new Error("said executed, but nothing ran");
    if (answer.kind === "blocked" && ran.has(answer.envelope.id)) throw new Error("said blocked, but it ran");
    if (answer.kind === "needs-approval" && ran.has(answer.envelope.id)) throw new Error("said to wait, but it ran");
  }
}
