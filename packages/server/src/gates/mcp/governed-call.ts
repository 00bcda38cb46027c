/**
 * The part of a governed MCP request that tool calls, prompts and resources share: seal what is asked for together
 * with the answers an upstream is to get, hand it to the pipeline, and turn what became of it into an answer.
 */
import { type ActionDraft, type Floor, fingerprintOf, type JsonObject } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import { answerGoverned, type Subject } from "./answer-governed.ts";
import { createApprovalWait } from "./approval-wait.ts";
import type { Exchange } from "./exchange.ts";
import type { GateContext } from "./gate-context.ts";
import type { ResultMethod } from "./result-policy.ts";
import {
  askToReview,
  canOpenUrls,
  RETRY_WAIT_MS,
  type ReviewRetry,
  readReviewRetry,
  toAnswers,
  type UpstreamAnswers,
} from "./review-over-mcp.ts";
import { runUpstream, type UpstreamCall } from "./run-upstream.ts";
import { isJsonObject } from "./wire/json-rpc.ts";
import { invalidParams } from "./wire/rpc-error.ts";
import { isOurToken } from "./wire/sealed-token.ts";

/**
 * Answers of the client to questions of the upstream are part of what is decided and approved. They stand beside
 * the arguments, under names no argument may have.
 */
const RESPONSES_KEY = "mcp.input_responses";
const STATE_KEY = "mcp.request_state";

export interface GovernedCall {
  readonly method: ResultMethod;
  readonly subject: Subject;
  /** Arguments, or what stands for them. */
  readonly args: JsonObject;
  readonly describe: (args: JsonObject) => { readonly draft: ActionDraft; readonly parts: readonly ActionDraft[] };
  readonly floors: readonly Floor[];
  /** From sealed arguments to what the upstream is sent. */
  readonly toUpstream: (sealedArgs: JsonObject) => UpstreamCall;
}

export async function governCall(
  context: GateContext,
  exchange: Exchange,
  call: GovernedCall,
  params: JsonObject,
): Promise<JsonObject> {
  const { review, retry, answers } = readAnswers(context, exchange, call.method, params);
  const draft = await describeWithAnswers(context, call, answers);
  const fingerprint = fingerprintOf(draft, canonicalJson(draft.parameters));
  if (retry !== undefined && retry.fingerprint !== fingerprint) {
    throw invalidParams(
      "the retry is not the call that was reviewed; a changed call needs its own approval: call without `requestState`",
    );
  }
  const wait = createApprovalWait(exchange, context.sources.clock);
  const waiting: Exchange = { ...exchange, link: wait.link };
  try {
    const governed = await context.governance.govern(
      draft,
      (envelope, lease, signal, { decision }) => {
        wait.stop();
        const asked = decision === "review" ? { ...waiting, meta: reviewedMeta(waiting.meta) } : waiting;
        const upstreamCall = call.toUpstream(withoutAnswers(envelope.parameters));
        const sent = { ...upstreamCall, params: { ...upstreamCall.params, ...sealedAnswers(envelope.parameters) } };
        return runUpstream(sent, asked, context.settings().resultPolicy, lease, signal);
      },
      { signal: exchange.signal, waitForApprovalMs: waitMs(context, exchange, retry), onWaiting: wait.onWaiting },
    );
    const answer = answerGoverned(governed, call.subject);
    if (answer.kind === "result") return answer.result;
    if (!canOpenUrls(exchange)) throw answer.error;
    return askToReview(review, exchange, { method: call.method, fingerprint, answers }, answer);
  } finally {
    wait.stop();
  }
}

function readAnswers(context: GateContext, exchange: Exchange, method: string, params: JsonObject) {
  const { clock, random } = context.sources;
  const review = { sealer: context.sealer, clock, random };
  if (exchange.era === "legacy") return { review, retry: undefined, answers: {} };
  const { requestState, inputResponses } = params;
  if (requestState !== undefined && typeof requestState !== "string")
    throw invalidParams("`requestState` must be a text");
  if (inputResponses !== undefined && !isJsonObject(inputResponses))
    throw invalidParams("`inputResponses` must be an object");
  if (requestState === undefined || !isOurToken(requestState))
    return { review, retry: undefined, answers: toAnswers(params) };
  const retry = readReviewRetry(review, exchange, method, params);
  return { review, retry, answers: retry.answers };
}

/** A compound call is at least as strict as the strictest of its parts. */
async function describeWithAnswers(
  context: GateContext,
  call: GovernedCall,
  answers: UpstreamAnswers,
): Promise<ActionDraft> {
  const reserved = [RESPONSES_KEY, STATE_KEY].find((key) => Object.hasOwn(call.args, key));
  if (reserved !== undefined) throw invalidParams(`argument \`${reserved}\` has a name that is reserved; rename it`);
  const { draft, parts } = call.describe(call.args);
  const floors = [...call.floors, ...(await floorsOf(context, parts))];
  return {
    ...draft,
    parameters: {
      ...call.args,
      ...(answers.inputResponses === undefined ? {} : { [RESPONSES_KEY]: answers.inputResponses }),
      ...(answers.requestState === undefined ? {} : { [STATE_KEY]: answers.requestState }),
    },
    ...(floors.length === 0 ? {} : { floors }),
  };
}

async function floorsOf(context: GateContext, parts: readonly ActionDraft[]): Promise<readonly Floor[]> {
  const floors: Floor[] = [];
  for (const part of parts) {
    const { decision } = await context.governance.preview(part);
    if (decision.decision === "allow") continue;
    const { reason, suggestion } = decision;
    floors.push({
      decision: decision.decision,
      by: decision.engine,
      reason: `${part.target}: ${reason}`,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  return floors;
}

function waitMs(context: GateContext, exchange: Exchange, retry: ReviewRetry | undefined): number {
  const configured = context.settings().waitForApprovalMs;
  if (!canOpenUrls(exchange)) return configured;
  // The first answer must come at once: it is what tells the user where to approve.
  return retry === undefined ? 0 : Math.max(RETRY_WAIT_MS, configured);
}

/**
 * `_meta` differs from call to call, so it is no part of the action a person approves; what nobody saw does not reach
 * the upstream then, but for the entries that only say whose call it is.
 */
function reviewedMeta({ progressToken, traceparent }: JsonObject): JsonObject {
  return {
    ...(progressToken === undefined ? {} : { progressToken }),
    ...(typeof traceparent === "string" && TRACE_PARENT.test(traceparent) ? { traceparent } : {}),
  };
}

/** W3C Trace Context, version 00. */
const TRACE_PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function withoutAnswers(parameters: JsonObject): JsonObject {
  const { [RESPONSES_KEY]: _responses, [STATE_KEY]: _state, ...args } = parameters;
  return args;
}

function sealedAnswers(parameters: JsonObject): JsonObject {
  const { [RESPONSES_KEY]: inputResponses, [STATE_KEY]: requestState } = parameters;
  return {
    ...(inputResponses === undefined ? {} : { inputResponses }),
    ...(requestState === undefined ? {} : { requestState }),
  };
}
