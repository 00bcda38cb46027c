/**
 * The life of an action, in one file: seal, decide, record, approve, lease, run, record.
 * Gates call `govern` with a draft and a way to run it; nothing else in the repository executes an action.
 *
 * INVARIANTS (checked by govern.simulation.test.ts after every seed):
 *   nothing runs without a durable decision; nothing is allowed after an error; what runs is the sealed envelope;
 *   at most one execution per approval; every decision that is not a block gets exactly one outcome
 *   (a crash in between is closed as `unknown` by recovery).
 */
import {
  type ActionDraft,
  type ActionEnvelope,
  AegisError,
  assertNever,
  assertThat,
  type Decision,
  errorText,
  isAegisError,
  type JsonValue,
  sealEnvelope,
} from "@aegisflow/core";
import { decideAction } from "./decide.ts";
import { consumeRecord, decisionRecord, type Outcome, outcomeRecord } from "./evidence-records.ts";
import type {
  ApprovalClaim,
  ApprovalsPort,
  ApprovalView,
  Clock,
  CredentialsPort,
  EventsPort,
  EvidencePort,
  Ids,
  Lease,
  PoliciesPort,
} from "./ports.ts";

export interface GovernancePorts {
  readonly policies: PoliciesPort;
  readonly evidence: EvidencePort;
  readonly approvals: ApprovalsPort;
  readonly credentials: CredentialsPort;
  readonly events: EventsPort;
  readonly sources: { readonly clock: Clock; readonly ids: Ids };
}

export interface RunResult<T> {
  readonly value: T;
  /** What came back, or a digest-worthy summary of it: committed to in the outcome. */
  readonly response: JsonValue;
  readonly facts?: Readonly<Record<string, string>>;
}

/** Executes exactly the sealed envelope. A throw is a failed action; it is never run again. */
export type RunAction<T> = (
  envelope: ActionEnvelope,
  lease: Lease,
  signal: AbortSignal,
  decision: Decision,
) => Promise<RunResult<T>>;

export interface GovernOptions {
  readonly signal: AbortSignal;
  /** Hold the call this long for a person; 0 answers `needs-approval` at once. */
  readonly waitForApprovalMs?: number;
  readonly onWaiting?: (approval: ApprovalView) => void;
}

export interface Judged {
  readonly envelope: ActionEnvelope;
  readonly decision: Decision;
}

export type Governed<T> =
  | (Judged & { readonly kind: "executed"; readonly value: T })
  | (Judged & { readonly kind: "failed"; readonly error: unknown })
  | (Judged & { readonly kind: "blocked" })
  | (Judged & { readonly kind: "needs-approval"; readonly approval: ApprovalView })
  | (Judged & { readonly kind: "denied" | "expired" | "cancelled"; readonly approval?: ApprovalView })
  | { readonly kind: "refused"; readonly error: AegisError; readonly envelope?: ActionEnvelope };

export interface Governance {
  govern<T>(draft: ActionDraft, run: RunAction<T>, options: GovernOptions): Promise<Governed<T>>;
  /** The decision this draft would get now; records nothing, runs nothing. @throws AegisError `invalid-input`. */
  preview(draft: ActionDraft): Promise<Judged>;
  /** Decides and records without running: for gates whose action is executed elsewhere, and for `test-action`. */
  judge(draft: ActionDraft): Promise<Judged & { readonly leaf: string; readonly approval?: ApprovalView }>;
}

export function createGovernance(ports: GovernancePorts): Governance {
  return {
    govern: (draft, run, options) => governAction(ports, draft, run, options),
    preview: (draft) => sealAndDecide(ports, draft),
    judge: (draft) => judgeAction(ports, draft),
  };
}

async function governAction<T>(
  ports: GovernancePorts,
  draft: ActionDraft,
  run: RunAction<T>,
  options: GovernOptions,
): Promise<Governed<T>> {
  let recorded: RecordedAction;
  try {
    recorded = await recordDecision(ports, await sealAndDecide(ports, draft));
  } catch (error) {
    return { kind: "refused", error: refusalOf(ports, error) };
  }
  const { envelope, decision } = recorded;
  if (decision.decision === "block") return { kind: "blocked", envelope, decision };

  const clearance = await clearForRun(ports, recorded, options);
  if (clearance.kind !== "clear") return concludeUnrun(ports, recorded, clearance);

  const lease = await takeLease(ports, envelope);
  if (lease.kind !== "leased") return concludeUnrun(ports, recorded, lease);

  return runAndRecord(ports, recorded, lease.lease, run, options.signal);
}

// ---- hops 3 to 5: seal, decide, record ------------------------------------------------------------------------

interface RecordedAction extends Judged {
  readonly leaf: string;
  readonly startedMs: number;
}

async function sealAndDecide(ports: GovernancePorts, draft: ActionDraft): Promise<Judged> {
  const { clock, ids } = ports.sources;
  const envelope = sealEnvelope(draft, { id: ids.next(), timestamp: clock.nowIso() });
  const grant = ports.policies.breakGlass(envelope.actor.tenant_id);
  const decision = await decideAction({ clock, events: ports.events }, envelope, ports.policies.current(), grant);
  return { envelope, decision };
}

async function recordDecision(ports: GovernancePorts, judged: Judged): Promise<RecordedAction> {
  const startedMs = ports.sources.clock.monotonicMs();
  const { leaf } = await ports.evidence.append(decisionRecord(judged.envelope, judged.decision));
  ports.events.emit({ kind: "action-decided", ...judged });
  return { ...judged, leaf, startedMs };
}

async function judgeAction(
  ports: GovernancePorts,
  draft: ActionDraft,
): Promise<Judged & { readonly leaf: string; readonly approval?: ApprovalView }> {
  const recorded = await recordDecision(ports, await sealAndDecide(ports, draft));
  const { envelope, decision, leaf } = recorded;
  if (decision.decision === "allow") {
    await recordOutcome(ports, recorded, { status: "cancelled", durationMs: 0, why: "judged-only" });
  }
  if (decision.decision !== "review") return { envelope, decision, leaf };
  const requested = await askForApproval(ports, recorded);
  await recordOutcome(ports, recorded, outcomeOfUnrun(ports, recorded, requested));
  if (requested.kind === "refused") throw requested.error;
  return { envelope, decision, leaf, ...(requested.approval === undefined ? {} : { approval: requested.approval }) };
}

// ---- hop 6: approval ------------------------------------------------------------------------------------------

type Unrun =
  | { readonly kind: "needs-approval"; readonly approval: ApprovalView }
  | { readonly kind: "denied" | "expired" | "cancelled"; readonly approval?: ApprovalView }
  | { readonly kind: "refused"; readonly error: AegisError; readonly why: string };

type Clearance = { readonly kind: "clear" } | Unrun;

async function clearForRun(
  ports: GovernancePorts,
  recorded: RecordedAction,
  options: GovernOptions,
): Promise<Clearance> {
  if (options.signal.aborted) return { kind: "cancelled" };
  if (recorded.decision.decision === "allow") return { kind: "clear" };
  try {
    const claim = await claimApproval(ports, recorded);
    if (claim !== undefined) return await spendApproval(ports, recorded, claim);
    const requested = await askForApproval(ports, recorded);
    const waitMs = options.waitForApprovalMs ?? 0;
    if (requested.kind !== "needs-approval" || waitMs <= 0) return requested;
    options.onWaiting?.(requested.approval);
    return await holdForApproval(ports, recorded, requested.approval, { ...options, waitForApprovalMs: waitMs });
  } catch (error) {
    if (options.signal.aborted) return { kind: "cancelled" };
    return { kind: "refused", error: refusalOf(ports, error), why: "approval-failed" };
  }
}

function claimApproval(ports: GovernancePorts, recorded: RecordedAction): Promise<ApprovalClaim | undefined> {
  const { envelope, decision } = recorded;
  return ports.approvals.claim({
    fingerprint: envelope.fingerprint,
    tenant: envelope.actor.tenant_id,
    requester: envelope.actor.id,
    policyHash: decision.policy_hash,
  });
}

/** The claim is consumed already; if its link to this decision cannot be made durable, nothing runs and the approval is gone. */
async function spendApproval(
  ports: GovernancePorts,
  recorded: RecordedAction,
  claim: ApprovalClaim,
): Promise<Clearance> {
  await ports.evidence.append(consumeRecord(recorded.envelope, recorded.leaf, claim));
  return { kind: "clear" };
}

async function askForApproval(ports: GovernancePorts, recorded: RecordedAction): Promise<Unrun> {
  const { envelope, decision, leaf } = recorded;
  const result = await ports.approvals.request(envelope, decision, leaf);
  switch (result.kind) {
    case "pending":
      return { kind: "needs-approval", approval: result.approval };
    case "denied":
      return { kind: "denied", approval: result.approval };
    case "full":
      return { kind: "refused", error: new AegisError("limit-exceeded", result.message), why: "approval-queue-full" };
    default:
      return assertNever(result, "approval request result");
  }
}

async function holdForApproval(
  ports: GovernancePorts,
  recorded: RecordedAction,
  pending: ApprovalView,
  options: GovernOptions & { readonly waitForApprovalMs: number },
): Promise<Clearance> {
  const approval = await ports.approvals.wait(pending.id, options.waitForApprovalMs, options.signal);
  if (options.signal.aborted) return { kind: "cancelled", approval };
  switch (approval.status) {
    case "denied":
    case "expired":
    case "cancelled":
      return { kind: approval.status, approval };
    case "pending":
    case "consumed":
      return { kind: "needs-approval", approval };
    case "approved": {
      // The policy changed while people thought: what it now says is decided when the call is asked again.
      if (ports.policies.current().hash !== recorded.decision.policy_hash) return { kind: "needs-approval", approval };
      const claim = await claimApproval(ports, recorded);
      // Somebody else's identical call was faster: the approval is spent, this call needs its own.
      return claim === undefined ? { kind: "needs-approval", approval } : spendApproval(ports, recorded, claim);
    }
    default:
      return assertNever(approval.status, "approval status");
  }
}

// ---- hop 7: lease ---------------------------------------------------------------------------------------------

async function takeLease(
  ports: GovernancePorts,
  envelope: ActionEnvelope,
): Promise<{ readonly kind: "leased"; readonly lease: Lease } | Extract<Unrun, { kind: "refused" }>> {
  try {
    return { kind: "leased", lease: await ports.credentials.lease(envelope) };
  } catch (error) {
    return { kind: "refused", error: asAegisError(error, "no credential could be leased"), why: "no-lease" };
  }
}

// ---- hop 8: run, and the outcome ------------------------------------------------------------------------------

async function runAndRecord<T>(
  ports: GovernancePorts,
  recorded: RecordedAction,
  lease: Lease,
  run: RunAction<T>,
  signal: AbortSignal,
): Promise<Governed<T>> {
  const { envelope, decision } = recorded;
  assertThat(decision.decision !== "block" && recorded.leaf !== "", "an action may run only after a durable decision");
  const startedMs = ports.sources.clock.monotonicMs();
  const { outcome, result } = await execute(recorded, lease, run, signal);
  await releaseLease(ports, lease);
  const durationMs = ports.sources.clock.monotonicMs() - startedMs;
  try {
    await recordOutcome(ports, recorded, { ...outcome, durationMs });
  } catch (error) {
    return { kind: "failed", error: unrecordedOutcome(ports, error), envelope, decision };
  }
  return result;
}

/** Never throws: whatever the run does becomes an outcome. */
async function execute<T>(
  recorded: RecordedAction,
  lease: Lease,
  run: RunAction<T>,
  signal: AbortSignal,
): Promise<{ readonly outcome: Outcome; readonly result: Governed<T> }> {
  const { envelope, decision } = recorded;
  if (signal.aborted) {
    return { outcome: { status: "cancelled", durationMs: 0 }, result: { kind: "cancelled", envelope, decision } };
  }
  try {
    const done = await run(envelope, lease, signal, decision);
    const facts = done.facts === undefined ? {} : { facts: done.facts };
    const outcome: Outcome = { status: "executed", durationMs: 0, response: done.response, ...facts };
    return { outcome, result: { kind: "executed", value: done.value, envelope, decision } };
  } catch (error) {
    return { outcome: failureOf(error), result: { kind: "failed", error, envelope, decision } };
  }
}

async function concludeUnrun<T>(ports: GovernancePorts, recorded: RecordedAction, unrun: Unrun): Promise<Governed<T>> {
  const { envelope, decision } = recorded;
  try {
    await recordOutcome(ports, recorded, outcomeOfUnrun(ports, recorded, unrun));
  } catch (error) {
    return { kind: "refused", error: refusalOf(ports, error), envelope };
  }
  if (unrun.kind === "refused") return { kind: "refused", error: unrun.error, envelope };
  return { ...unrun, envelope, decision };
}

function outcomeOfUnrun(ports: GovernancePorts, recorded: RecordedAction, unrun: Unrun): Outcome {
  const durationMs = ports.sources.clock.monotonicMs() - recorded.startedMs;
  switch (unrun.kind) {
    case "needs-approval":
      return { status: "blocked", durationMs, why: "awaiting-approval" };
    case "refused":
      return { status: "failed", durationMs, why: unrun.why, error: unrun.error.message };
    case "denied":
    case "expired":
    case "cancelled":
      return { status: unrun.kind, durationMs };
    default:
      return assertNever(unrun, "clearance");
  }
}

/** Nobody knows whether a call that was cut off took effect; a definite error answer is a failure. */
function failureOf(error: unknown): Outcome {
  const code = isAegisError(error) ? error.code : "upstream-error";
  const uncertain = code === "timeout" || code === "cancelled" || code === "upstream-failed";
  return { status: uncertain ? "unknown" : "failed", durationMs: 0, why: code, error: errorText(error) };
}

async function recordOutcome(ports: GovernancePorts, recorded: RecordedAction, outcome: Outcome): Promise<void> {
  const { envelope, decision, leaf } = recorded;
  await ports.evidence.append(outcomeRecord(envelope, leaf, outcome));
  const { status, durationMs } = outcome;
  ports.events.emit({ kind: "action-finished", envelope, decision, status, durationMs });
}

async function releaseLease(ports: GovernancePorts, lease: Lease): Promise<void> {
  try {
    await lease.release();
  } catch (error) {
    ports.events.emit({ kind: "lease-release-failed", leaseId: lease.id, error: errorText(error) });
  }
}

// ---- errors ---------------------------------------------------------------------------------------------------

/** Any failure before the run is a refusal: nothing is allowed after an error. */
function refusalOf(ports: GovernancePorts, error: unknown): AegisError {
  const refusal = asAegisError(error, "the action could not be governed, so it was not run");
  if (refusal.code === "unavailable" || refusal.code === "internal") {
    ports.events.emit({ kind: "evidence-failed", error: refusal.detail ?? refusal.message });
  }
  return refusal;
}

function unrecordedOutcome(ports: GovernancePorts, error: unknown): AegisError {
  ports.events.emit({ kind: "evidence-failed", error: errorText(error) });
  const message = "the action was run but its outcome could not be recorded; look at the target before you retry";
  return new AegisError("unavailable", message, { cause: error, retryable: false });
}

function asAegisError(error: unknown, message: string): AegisError {
  if (isAegisError(error)) return error;
  return new AegisError("internal", message, { cause: error, detail: errorText(error) });
}
