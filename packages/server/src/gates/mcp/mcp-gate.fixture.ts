/**
 * A whole gate on a real port, for tests: the real pipeline, approvals and policy over in-memory stores, and
 * upstreams that are functions. What is sent to an upstream is kept as text, as it would go over the wire.
 */
import { AegisError, type JsonObject, type JsonValue } from "@aegisflow/core";
import type { ToolRuleConfig } from "@aegisflow/core/config/policy-schema";
import type { Principal } from "@aegisflow/core/identity/principal";
import { mayPassRules } from "@aegisflow/core/policy/may-pass";
import { createApprovals, createPseudonyms, DEFAULT_APPROVAL_LIMITS } from "../../approvals/approvals.ts";
import { createGovernance } from "../../governance/govern.ts";
import type { EvidenceDraft } from "../../governance/ports.ts";
import { buildPolicySnapshot } from "../../policy/policy.ts";
import { loadRuntime } from "../../runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../../runtime/sources.ts";
import { createMemoryApprovalStore } from "../../storage/memory/approval-store.ts";
import { createMemoryToolPinStore } from "../../storage/memory/tool-pin-store.ts";
import type { McpGateSettings } from "./gate-context.ts";
import type { GateUpstream } from "./gate-upstream.ts";
import { createMcpGate } from "./mcp-gate.ts";
import { createToolPins } from "./tool-pins.ts";
import { type Upstream, type UpstreamRequest, UpstreamRpcError } from "./upstream.ts";
import { textOf } from "./wire/json-rpc.ts";

export type FakeTool = (args: JsonObject, request: UpstreamRequest) => JsonObject | Promise<JsonObject>;

export interface SentCall {
  readonly method: string;
  readonly params: JsonObject;
  readonly argumentsJson: string | undefined;
  readonly meta: JsonObject | undefined;
}

export interface FakeUpstream extends Upstream {
  /** Everything it was asked, lists included. */
  readonly sent: SentCall[];
  /** Tool calls only. */
  calls(): readonly SentCall[];
  tools: Record<string, { readonly definition?: JsonObject; readonly run: FakeTool }>;
  say(method: string, params: JsonObject): void;
  fail: Error | undefined;
}

export interface FakeOptions {
  readonly name: string;
  readonly era?: "modern" | "legacy";
  readonly tools?: FakeUpstream["tools"];
  /** Other methods. */
  readonly answers?: Readonly<
    Record<string, (params: JsonObject, request: UpstreamRequest) => JsonObject | Promise<JsonObject>>
  >;
  readonly capabilities?: JsonObject;
  readonly instructions?: string;
}

export function text(value: string): JsonObject {
  return { content: [{ type: "text", text: value }] };
}

export function createFakeUpstream(options: FakeOptions): FakeUpstream {
  const listeners = new Set<(method: string, params: JsonObject) => void>();
  const upstream: FakeUpstream = {
    name: options.name,
    sent: [],
    tools: options.tools ?? {},
    fail: undefined,
    calls: () => upstream.sent.filter(({ method }) => method === "tools/call"),
    state: () => "ready",
    capabilities: () => options.capabilities ?? { tools: { listChanged: true } },
    serverInfo: () => ({ name: options.name, version: "1" }),
    instructions: () => options.instructions,
    era: () => options.era ?? "legacy",
    async request(request) {
      const { method, params, argumentsJson, meta } = request;
      upstream.sent.push({ method, params, argumentsJson, meta });
      if (upstream.fail !== undefined && method === "tools/call") throw upstream.fail;
      if (request.signal.aborted) throw new AegisError("cancelled", "cancelled");
      if (method === "tools/list") return { tools: listTools(upstream) };
      if (method === "tools/call") {
        const tool = upstream.tools[textOf(params["name"])];
        if (tool === undefined) throw new UpstreamRpcError(-32602, "unknown tool");
        return tool.run(JSON.parse(argumentsJson ?? "{}"), request);
      }
      const answer = options.answers?.[method];
      if (answer === undefined) throw new UpstreamRpcError(-32601, `no ${method}`);
      return answer(params, request);
    },
    notify: () => Promise.resolve(),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    say(method, params) {
      for (const listener of listeners) listener(method, params);
    },
    close: () => Promise.resolve(),
  };
  return upstream;
}

function listTools(upstream: FakeUpstream): JsonValue {
  return Object.entries(upstream.tools).map(([name, { definition }]) => ({
    name,
    description: `does ${name}`,
    inputSchema: { type: "object" },
    ...definition,
  }));
}

export interface TestGateOptions {
  readonly upstreams: readonly (FakeUpstream | Omit<GateUpstream, "timeoutMs">)[];
  readonly rules?: readonly Partial<ToolRuleConfig>[];
  readonly defaultDecision?: "allow" | "review" | "block";
  readonly settings?: Partial<McpGateSettings>;
}

export const AGENT: Principal = { id: "agent-1", name: "agent", role: "agent", tenant: "acme" };
export const OTHER: Principal = { id: "agent-2", name: "other", role: "agent", tenant: "acme" };
export const BOSS: Principal = { id: "boss", name: "boss", role: "operator", tenant: "acme" };
const KEYS: Readonly<Record<string, Principal>> = { "agent-key": AGENT, "other-key": OTHER, "boss-key": BOSS };

export async function startTestGate(options: TestGateOptions) {
  const clock = createSystemClock();
  const random = systemRandom;
  const ids = createUuidIds(clock, random);
  const evidence: EvidenceDraft[] = [];
  const broken = { evidence: false };
  const evidencePort = {
    append(draft: EvidenceDraft) {
      if (broken.evidence) return Promise.reject(new AegisError("unavailable", "the evidence log is down"));
      evidence.push(draft);
      const leaf = evidence.length.toString(16).padStart(64, "0");
      return Promise.resolve({ leaf, seq: evidence.length, sid: draft.sid });
    },
  };
  const approvals = createApprovals({
    store: createMemoryApprovalStore(),
    evidence: evidencePort,
    clock,
    pseudonymOf: createPseudonyms(random.bytes(32)),
    urlOf: (id) => `http://127.0.0.1:8081/approvals/${id}`,
    limits: () => DEFAULT_APPROVAL_LIMITS,
  });
  const policy = { rules: options.rules ?? [], defaultDecision: options.defaultDecision ?? "allow" };
  const snapshot = () =>
    buildPolicySnapshot(
      {
        defaultDecision: policy.defaultDecision,
        packs: [],
        rules: policy.rules.map((rule, index) => ({ id: `rule/${index + 1}`, rule: rule as ToolRuleConfig })),
      },
      1,
    );
  let current = snapshot();
  const governance = createGovernance({
    policies: { current: () => current, breakGlass: () => undefined },
    evidence: evidencePort,
    approvals,
    credentials: {
      lease: () => Promise.resolve({ id: "lease", secrets: {}, expiresAtMs: 0, release: () => Promise.resolve() }),
    },
    events: { emit: () => undefined },
    sources: { clock, ids },
  });
  const pins = createToolPins({
    store: createMemoryToolPinStore(),
    evidence: evidencePort,
    clock,
    mode: () => "review",
  });
  const gates = options.upstreams.map(
    (entry): GateUpstream =>
      "upstream" in entry
        ? { ...entry, timeoutMs: 5_000 }
        : { upstream: entry, prefix: "", tools: ["*"], timeoutMs: 5_000 },
  );
  const settings: McpGateSettings = {
    bindHost: "127.0.0.1",
    allowedHosts: [],
    allowedOrigins: [],
    waitForApprovalMs: 0,
    requestBytesMax: 256 * 1024,
    resultPolicy: { redact: [], action: "redact", resultBytesMax: 1024 * 1024 },
    sessions: { max: 50, perCallerMax: 10, idleMs: 60_000 },
    targets: [],
    ...options.settings,
  };
  const revoked = new Set<string>();
  const openGate = () =>
    createMcpGate(
      {
        governance,
        authenticate(request) {
          const key =
            request.headers.get("x-api-key") ?? /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
          const principal = key === undefined ? undefined : KEYS[key];
          if (principal === undefined)
            return Promise.reject(new AegisError("unauthenticated", "authentication required; send an API key"));
          return Promise.resolve(principal);
        },
        isStillValid: (caller) => !revoked.has(caller.id),
        mayPass: (draft) => mayPassRules(current.compiled, draft),
        upstreams: () => gates,
        pins,
        sources: { clock, ids, random },
      },
      { settings: () => settings, version: "0.0.0-test", tokenSecret: new Uint8Array(32).fill(7) },
    );
  let gate = openGate();
  const runtime = await loadRuntime();
  const listener = await runtime.listen({
    host: "127.0.0.1",
    port: 0,
    handler: (request) => gate.handler(request),
    idleTimeoutS: 60,
  });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    problems: () => gate.problems(),
    /** What a restart does to clients. */
    forgetSessions() {
      gate.close();
      gate = openGate();
    },
    pins,
    approvals,
    evidence,
    broken,
    revoked,
    setRules(rules: readonly Partial<ToolRuleConfig>[], defaultDecision: "allow" | "review" | "block" = "allow") {
      Object.assign(policy, { rules, defaultDecision });
      current = snapshot();
    },
    close: async (): Promise<void> => {
      gate.close();
      await listener.close(0);
    },
  };
}

export type TestGate = Awaited<ReturnType<typeof startTestGate>>;

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

/** One POST as a client without SDK would send it. */
export async function post(
  gate: TestGate,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  path = "/mcp",
): Promise<RawAnswer> {
  const response = await fetch(`${gate.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-api-key": "agent-key", ...headers },
    body: body instanceof Uint8Array ? Uint8Array.from(body) : typeof body === "string" ? body : JSON.stringify(body),
  });
  const raw = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(raw);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text: raw, json };
}

export const MODERN_META: JsonObject = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A request of the modern era with its headers right, unless told otherwise. */
export function postModern(
  gate: TestGate,
  method: string,
  params: JsonObject = {},
  options: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly meta?: JsonObject;
    readonly id?: string | number;
  } = {},
): Promise<RawAnswer> {
  const name = params["name"] ?? params["uri"];
  return post(
    gate,
    { jsonrpc: "2.0", id: options.id ?? 1, method, params: { ...params, _meta: { ...MODERN_META, ...options.meta } } },
    {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": name } : {}),
      ...options.headers,
    },
  );
}

export function call(id: number, method: string, params: JsonObject = {}): JsonObject {
  return { jsonrpc: "2.0", id, method, params };
}
