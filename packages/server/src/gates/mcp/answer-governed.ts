/**
 * What became of a governed action, in the words of JSON-RPC: a result, a wait for a person, or an error whose
 * `data` says who decided, why, and what to do instead. Pure; codes as users of the reference product know them.
 */
import { type AegisError, assertNever, type Decision, isAegisError, type JsonObject } from "@aegisflow/core";
import type { Governed } from "../../governance/govern.ts";
import type { ApprovalView } from "../../governance/ports.ts";
import {
  BLOCKED,
  INVALID_PARAMS,
  NEEDS_APPROVAL,
  NO_UPSTREAM,
  RpcError,
  toRpcError,
  UPSTREAM_FAILED,
} from "./wire/rpc-error.ts";

export interface WaitsForPerson {
  readonly kind: "waits";
  readonly approval: ApprovalView;
  /** The error for clients that cannot be asked. */
  readonly error: RpcError;
}

export type GovernedAnswer = { readonly kind: "result"; readonly result: JsonObject } | WaitsForPerson;

/** What was asked for, as the client named it: `tool call` and `github.delete_repo`. */
export interface Subject {
  readonly noun: string;
  readonly name: string;
}

/** @throws RpcError for everything but a result and a wait. */
export function answerGoverned(governed: Governed<JsonObject>, subject: Subject): GovernedAnswer {
  switch (governed.kind) {
    case "executed":
      return { kind: "result", result: governed.value };
    case "failed":
      throw failureError(governed.error, governed.envelope.id);
    case "blocked":
      throw new RpcError(BLOCKED, `${subject.noun} blocked by policy: ${subject.name}`, {
        data: { ...decisionData(governed.decision), envelope_id: governed.envelope.id },
      });
    case "needs-approval":
      return { kind: "waits", approval: governed.approval, error: approvalError(governed, subject) };
    case "denied":
    case "expired":
    case "cancelled":
      throw unapprovedError(governed, subject);
    case "refused":
      throw refusalError(governed.error, governed.envelope?.id);
    default:
      return assertNever(governed, "governed action");
  }
}

function decisionData(decision: Decision): JsonObject {
  return {
    decision: decision.decision,
    rule: decision.rule,
    reason: decision.reason,
    ...(decision.suggestion === undefined ? {} : { suggestion: decision.suggestion }),
  };
}

function approvalError(
  { approval, decision, envelope }: Extract<Governed<unknown>, { kind: "needs-approval" }>,
  subject: Subject,
): RpcError {
  return new RpcError(NEEDS_APPROVAL, `${subject.noun} requires approval: ${subject.name}`, {
    data: {
      status: "pending_approval",
      approval_id: approval.id,
      approval_url: approval.url,
      expires_at: approval.expires_at,
      tool: subject.name,
      ...decisionData(decision),
      resume: "re-issue the identical call once approved; it then runs once",
      envelope_id: envelope.id,
    },
  });
}

function unapprovedError(
  { kind, approval, decision, envelope }: Extract<Governed<unknown>, { kind: "denied" | "expired" | "cancelled" }>,
  subject: Subject,
): RpcError {
  if (kind === "cancelled" && approval?.status !== "cancelled") {
    return new RpcError(UPSTREAM_FAILED, `${subject.noun} was cancelled before it ran: ${subject.name}`);
  }
  const comment = approval?.comment === undefined || approval.comment === "" ? "" : `: ${approval.comment}`;
  const reason =
    kind === "denied" ? `a reviewer denied this call${comment}` : `the approval request was ${kind}${comment}`;
  const retry =
    kind === "denied"
      ? "do something else; an identical call stays denied"
      : "re-issue the identical call to ask again";
  return new RpcError(BLOCKED, `${subject.noun} was not approved: ${subject.name}`, {
    data: {
      ...decisionData(decision),
      status: kind,
      reason,
      suggestion: retry,
      ...(approval === undefined ? {} : { approval_id: approval.id }),
      envelope_id: envelope.id,
    },
  });
}

/** It ran, or was sent: whatever went wrong there is the upstream's failure, not a mistake in the request. */
function failureError(error: unknown, envelopeId: string): RpcError {
  if (!isAegisError(error)) return toRpcError(error);
  const data = { envelope_id: envelopeId };
  if (error.code === "policy-blocked") {
    const details = { decision: "block", rule: "result-policy", reason: error.message, ...data };
    return new RpcError(BLOCKED, error.message, { data: details });
  }
  return new RpcError(error.code === "no-upstream" ? NO_UPSTREAM : UPSTREAM_FAILED, error.message, { data });
}

/** It never ran. Whatever could not be decided, recorded or leased is a block; a mistake in the request is the caller's. */
function refusalError(error: AegisError, envelopeId: string | undefined): RpcError {
  const data = envelopeId === undefined ? {} : { envelope_id: envelopeId };
  switch (error.code) {
    case "invalid-input":
    case "too-large":
      return new RpcError(INVALID_PARAMS, error.message, { data });
    case "limit-exceeded":
    case "cancelled":
      return new RpcError(UPSTREAM_FAILED, error.message, { data });
    default:
      return new RpcError(BLOCKED, error.message, {
        data: {
          decision: "block",
          rule: "(fail-closed)",
          reason: error.message,
          suggestion: "try again later",
          ...data,
        },
      });
  }
}
