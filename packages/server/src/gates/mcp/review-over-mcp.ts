/**
 * Review for clients of 2026-07-28 that can open a URL for their user: the call is answered `input_required` with
 * the approval page, and a sealed `requestState` ties the retry to this very call of this very principal. The page
 * asks for a reviewer's own sign-in, so the agent's client cannot approve for itself. Everybody else gets -32002.
 */
import type { JsonObject } from "@aegisflow/core";
import type { Clock, Random } from "../../governance/ports.ts";
import type { WaitsForPerson } from "./answer-governed.ts";
import type { Exchange } from "./exchange.ts";
import { isJsonObject, textOf } from "./wire/json-rpc.ts";
import { BLOCKED, invalidParams, RpcError } from "./wire/rpc-error.ts";
import type { TokenSealer } from "./wire/sealed-token.ts";

/** Key of our question among the client's answers. */
export const APPROVAL_QUESTION = "aegisflow_approval";
/** A retry later than this begins anew; approvals themselves live by their own clock. */
const STATE_MS_MAX = 24 * 60 * 60_000;
/**
 * The client comes back as soon as its user has opened the page, long before anybody has decided; hold it a while
 * instead of asking again at once. Below the usual client timeout of 60 s.
 */
export const RETRY_WAIT_MS = 40_000;
const PURPOSE = "mcp-review";

/** What an upstream of the modern era is to get back with the retry. */
export interface UpstreamAnswers {
  readonly requestState?: string;
  readonly inputResponses?: JsonObject;
}

export interface ReviewPorts {
  readonly sealer: TokenSealer;
  readonly clock: Pick<Clock, "nowMs">;
  readonly random: Random;
}

export function canOpenUrls(exchange: Exchange): boolean {
  const elicitation = exchange.clientCapabilities["elicitation"];
  return exchange.era === "modern" && isJsonObject(elicitation) && elicitation["url"] !== undefined;
}

/** The `input_required` result. */
export function askToReview(
  ports: ReviewPorts,
  exchange: Exchange,
  call: { readonly method: string; readonly fingerprint: string; readonly answers: UpstreamAnswers },
  waits: WaitsForPerson,
): JsonObject {
  const { approval, error } = waits;
  const state = ports.sealer.seal(PURPOSE, {
    fingerprint: call.fingerprint,
    method: call.method,
    principal: exchange.caller.id,
    tenant: exchange.caller.tenant,
    expires_at_ms: ports.clock.nowMs() + STATE_MS_MAX,
    nonce: Buffer.from(ports.random.bytes(12)).toString("base64url"),
    answers: { ...call.answers },
  });
  const message = `${error.message}. Somebody who may approve has to decide; the call then goes on by itself.`;
  return {
    resultType: "input_required",
    inputRequests: {
      [APPROVAL_QUESTION]: { method: "elicitation/create", params: { mode: "url", message, url: approval.url } },
    },
    requestState: state,
    _meta: { "aegisflow.dev/approval": error.data ?? {} },
  };
}

export interface ReviewRetry {
  /** The action that was reviewed: the retry must be exactly it. */
  readonly fingerprint: string;
  readonly answers: UpstreamAnswers;
}

/** @throws RpcError -32602 for a state that is not ours, not this caller's or too old; -32001 when the user declined. */
export function readReviewRetry(
  ports: ReviewPorts,
  exchange: Exchange,
  method: string,
  params: JsonObject,
): ReviewRetry {
  const state = params["requestState"];
  const content = typeof state === "string" ? ports.sealer.open(PURPOSE, state) : undefined;
  const isOurs =
    content !== undefined &&
    content["method"] === method &&
    content["principal"] === exchange.caller.id &&
    content["tenant"] === exchange.caller.tenant &&
    Number(content["expires_at_ms"]) > ports.clock.nowMs();
  if (!isOurs) throw invalidParams("`requestState` is not valid for this call; call again without it");
  assertNotDeclined(params["inputResponses"]);
  const answers = content["answers"];
  return { fingerprint: textOf(content["fingerprint"]), answers: isJsonObject(answers) ? toAnswers(answers) : {} };
}

function assertNotDeclined(responses: unknown): void {
  const answer =
    typeof responses === "object" && responses !== null && APPROVAL_QUESTION in responses
      ? responses[APPROVAL_QUESTION]
      : undefined;
  const action = typeof answer === "object" && answer !== null && "action" in answer ? answer.action : "accept";
  if (action === "accept") return;
  const reason = "the user of the client did not want to ask for approval";
  throw new RpcError(BLOCKED, reason, {
    data: {
      decision: "review",
      rule: "(client)",
      reason,
      suggestion: "call again if the approval is wanted after all",
    },
  });
}

export function toAnswers(params: JsonObject): UpstreamAnswers {
  const { requestState, inputResponses } = params;
  return {
    ...(typeof requestState === "string" ? { requestState } : {}),
    ...(isJsonObject(inputResponses) ? { inputResponses } : {}),
  };
}
