/**
 * Hop 8 for MCP: sends one governed request to its upstream, lets the upstream talk to the client meanwhile, and
 * checks what comes back. What is sent for a tool call is the sealed arguments, byte for byte.
 * Joins the eras: a legacy client is asked what a modern upstream wants to know before the call goes on.
 */
import { createHash } from "node:crypto";
import { AegisError, type JsonObject } from "@aegisflow/core";
import type { RunResult } from "../../governance/govern.ts";
import type { Lease } from "../../governance/ports.ts";
import { canBeAsked, type Exchange } from "./exchange.ts";
import type { GateUpstream } from "./gate-upstream.ts";
import { isLoggable } from "./log-levels.ts";
import {
  checkResult,
  type ResultMethod,
  type ResultPolicy,
  redactParams,
  toCommittedResponse,
} from "./result-policy.ts";
import { UpstreamRpcError } from "./upstream.ts";
import { isJsonObject } from "./wire/json-rpc.ts";
import { METHOD_NOT_FOUND, MISSING_CLIENT_CAPABILITY, RpcError } from "./wire/rpc-error.ts";

/** Rounds of questions one call may need; the official client's own limit. */
const QUESTION_ROUNDS_MAX = 10;
/** Questions of one round. */
const QUESTIONS_MAX = 32;

export interface UpstreamCall {
  readonly gate: GateUpstream;
  readonly method: ResultMethod;
  readonly params: JsonObject;
  /** RFC 8785 text of a tool call's sealed arguments. */
  readonly argumentsJson?: string;
}

export async function runUpstream(
  call: UpstreamCall,
  exchange: Exchange,
  policy: ResultPolicy,
  lease: Lease | undefined,
  signal: AbortSignal,
): Promise<RunResult<JsonObject>> {
  const counted = countQuestions(exchange);
  const result = await requestWithAnswers(call, counted.exchange, policy, lease, signal);
  const checked = checkResult(policy, call.method, call.gate.upstream.name, result);
  assertCanAnswer(checked.result, exchange);
  const redacted = Object.values(checked.redactions).reduce((sum, count) => sum + count, 0);
  return {
    value: checked.result,
    response: toCommittedResponse(checked.result, (text) => createHash("sha256").update(text).digest("hex")),
    facts: {
      ...(redacted === 0 ? {} : { redactions: String(redacted) }),
      ...(counted.questions() === 0 ? {} : { questions: String(counted.questions()) }),
      ...(checked.result["isError"] === true ? { tool_error: "1" } : {}),
      ...(checked.result["resultType"] === "input_required" ? { input_required: "1" } : {}),
    },
  };
}

/** How often the upstream asked the client during the call: an answer nobody approved may have steered it. */
function countQuestions(exchange: Exchange): { readonly exchange: Exchange; readonly questions: () => number } {
  let asked = 0;
  const ask: Exchange["link"]["ask"] = (method, params, signal) => {
    asked += 1;
    return exchange.link.ask(method, params, signal);
  };
  return { exchange: { ...exchange, link: { ...exchange.link, ask } }, questions: () => asked };
}

/** Asks the upstream, and on behalf of a legacy client answers what the upstream requires, until it is content. */
async function requestWithAnswers(
  call: UpstreamCall,
  exchange: Exchange,
  policy: ResultPolicy,
  lease: Lease | undefined,
  signal: AbortSignal,
): Promise<JsonObject> {
  let params = call.params;
  for (let round = 0; round <= QUESTION_ROUNDS_MAX; round++) {
    const result = await request({ ...call, params }, exchange, policy, lease, signal);
    if (result["resultType"] !== "input_required" || exchange.era === "modern") return result;
    const { requestState } = result;
    const inputResponses = await askAll(result["inputRequests"], exchange, signal);
    params = { ...call.params, inputResponses, ...(typeof requestState === "string" ? { requestState } : {}) };
  }
  throw new AegisError(
    "upstream-failed",
    `upstream \`${call.gate.upstream.name}\` asked more than ${QUESTION_ROUNDS_MAX} times for input`,
  );
}

function request(
  call: UpstreamCall,
  exchange: Exchange,
  policy: ResultPolicy,
  lease: Lease | undefined,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { gate, method, params, argumentsJson } = call;
  return gate.upstream.request({
    method,
    params,
    ...(argumentsJson === undefined ? {} : { argumentsJson }),
    ...(exchange.logLevel === undefined ? {} : { logLevel: exchange.logLevel }),
    ...(lease === undefined || Object.keys(lease.secrets).length === 0 ? {} : { headers: lease.secrets }),
    signal,
    timeoutMs: gate.timeoutMs,
    // The adapter replaces the progress token on the wire and gives the client's own back: clients never meet.
    meta: exchange.meta,
    clientCapabilities: exchange.clientCapabilities,
    onNotification(name, notified) {
      if (!passesOn(exchange, name, notified)) return;
      exchange.link.notify(name, redactParams(policy, notified));
    },
    onServerRequest: (name, asked) => passQuestion(exchange, name, asked, signal),
  });
}

/** What belongs to a request: progress if asked for, its log messages, and in the legacy era that an elicitation is done. */
function passesOn(exchange: Exchange, method: string, params: JsonObject): boolean {
  if (method === "notifications/progress") return exchange.meta["progressToken"] !== undefined;
  if (method === "notifications/message") return wantsLog(exchange, params);
  return method === "notifications/elicitation/complete" && exchange.era === "legacy";
}

/** A modern client gets log messages only for requests that ask for them, a legacy one all it has not ruled out. */
function wantsLog(exchange: Exchange, params: JsonObject): boolean {
  if (exchange.era === "legacy") return isLoggable(params, exchange.session?.logLevel);
  return exchange.logLevel !== undefined && isLoggable(params, exchange.logLevel);
}

async function passQuestion(
  exchange: Exchange,
  method: string,
  params: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  if (!canBeAsked(exchange.clientCapabilities, method)) {
    throw new UpstreamRpcError(METHOD_NOT_FOUND, `the client cannot be asked ${method}`);
  }
  try {
    return await exchange.link.ask(method, params, signal);
  } catch (error) {
    if (error instanceof RpcError) throw new UpstreamRpcError(error.code, error.message, error.data);
    throw error;
  }
}

async function askAll(questions: unknown, exchange: Exchange, signal: AbortSignal): Promise<JsonObject> {
  const entries = Object.entries(toQuestions(questions));
  for (const [, { method }] of entries) {
    if (canBeAsked(exchange.clientCapabilities, method)) continue;
    throw new AegisError("upstream-failed", `the upstream needs \`${method}\`, which this client does not offer`);
  }
  const answers = await Promise.all(
    entries.map(async ([key, { method, params }]) => [key, await exchange.link.ask(method, params, signal)] as const),
  );
  return Object.fromEntries(answers);
}

interface Question {
  readonly method: string;
  readonly params: JsonObject;
}

function toQuestions(value: unknown): Readonly<Record<string, Question>> {
  if (value === undefined) return {};
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length > QUESTIONS_MAX)
    throw new AegisError("upstream-failed", `the upstream asks more than ${QUESTIONS_MAX} questions at once`);
  return Object.fromEntries(
    entries.map(([key, question]) => {
      if (!isJsonObject(question) || typeof question["method"] !== "string") {
        throw new AegisError("upstream-failed", "the upstream asks a question that is none");
      }
      const params = question["params"];
      return [key, { method: question["method"], params: isJsonObject(params) ? params : {} }];
    }),
  );
}

/** A server must not ask what the client did not offer; one that does is refused as the specification says. */
function assertCanAnswer(result: JsonObject, exchange: Exchange): void {
  if (result["resultType"] !== "input_required") return;
  for (const { method } of Object.values(toQuestions(result["inputRequests"]))) {
    if (canBeAsked(exchange.clientCapabilities, method)) continue;
    const capability = {
      "sampling/createMessage": "sampling",
      "elicitation/create": "elicitation",
      "roots/list": "roots",
    }[method];
    if (capability === undefined) throw new AegisError("upstream-failed", "the upstream asks a question that is none");
    throw new UpstreamRpcError(MISSING_CLIENT_CAPABILITY, `the client did not declare ${capability}`, {
      requiredCapabilities: { [capability]: {} },
    });
  }
}
