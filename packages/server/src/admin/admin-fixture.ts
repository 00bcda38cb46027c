/**
 * For tests: the admin side over the real subsystems on memory stores, with a policy that reviews writes, and keys
 * of every role in two tenants. Only evidence is a stand-in that remembers what was appended.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AegisError } from "@aegisflow/core/errors";
import type { Role } from "@aegisflow/core/identity/principal";
import { explainPolicy } from "@aegisflow/core/policy/explain-policy";
import {
  type ApprovalLimits,
  createApprovals,
  createPseudonyms,
  DEFAULT_APPROVAL_LIMITS,
} from "../approvals/approvals.ts";
import { openBreakGlass, openConfiguration } from "../configuration/configuration.ts";
import { createCredentialBroker } from "../credentials/broker.ts";
import { createToolPins } from "../gates/mcp/tool-pins.ts";
import { createGovernance } from "../governance/govern.ts";
import type { EvidenceDraft, EvidencePort } from "../governance/ports.ts";
import { createApiKeys, createAuthenticator, createConfiguredKeys, createKeyHash } from "../identity/identity.ts";
import { buildPolicySnapshot, createDecisionLog, type ToolPolicySnapshot } from "../policy/policy.ts";
import type { InboundRequest, OutboundResponse } from "../runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../runtime/sources.ts";
import { createMemoryApiKeyStore } from "../storage/memory/api-key-store.ts";
import { createMemoryApprovalStore } from "../storage/memory/approval-store.ts";
import { createMemoryBreakGlassStore } from "../storage/memory/break-glass-store.ts";
import { createMemoryConfigVersionStore } from "../storage/memory/config-version-store.ts";
import { createMemoryToolPinStore } from "../storage/memory/tool-pin-store.ts";
import { type AdminEvidence, type AdminPorts, createAdmin } from "./admin.ts";

export const KEYS: Readonly<Record<string, { readonly role: Role; readonly tenant: string }>> = {
  agent: { role: "agent", tenant: "default" },
  viewer: { role: "viewer", tenant: "default" },
  operator: { role: "operator", tenant: "default" },
  admin: { role: "admin", tenant: "default" },
  "acme-agent": { role: "agent", tenant: "acme" },
  "acme-viewer": { role: "viewer", tenant: "acme" },
  "acme-operator": { role: "operator", tenant: "acme" },
  "acme-admin": { role: "admin", tenant: "acme" },
};

/** The secret of a key above. */
export const secretOf = (name: string): string => `secret-of-${name}`;

const CONFIG = `
tool_policies:
  default_decision: block
  rules:
    - { protocol: mcp, tool: "github.list_*", decision: allow }
    - { protocol: mcp, tool: "github.create_*", decision: review }
`;

export async function openAdminFixture(limits: Partial<ApprovalLimits> = {}) {
  const clock = createSystemClock();
  const ids = createUuidIds(clock, systemRandom);
  const sources = { clock, ids, random: systemRandom };
  const { evidence, records } = recordingEvidence();
  const hashKey = createKeyHash(new Uint8Array(32));
  const configured = createConfiguredKeys(tenants(), hashKey);
  const keyStore = createMemoryApiKeyStore();
  const pseudonymOf = createPseudonyms(new Uint8Array(32));
  const decisionLog = createDecisionLog();
  const breakGlass = openBreakGlass({ store: createMemoryBreakGlassStore(), clock, ids, evidence });
  const policy = await openPolicy({ clock, evidence });
  const approvals = createApprovals({
    store: createMemoryApprovalStore(),
    evidence,
    clock,
    pseudonymOf,
    urlOf: (id) => `http://localhost:8081/approvals/${id}`,
    limits: () => ({ ...DEFAULT_APPROVAL_LIMITS, ...limits }),
  });
  const governance = createGovernance({
    policies: { current: policy.snapshot, breakGlass: (tenant) => breakGlass.current(tenant) },
    evidence,
    approvals,
    credentials: createCredentialBroker(ids, () => clock.nowMs()),
    events: {
      emit: (event) => {
        if (event.kind === "action-decided") decisionLog.record(event.envelope, event.decision);
      },
    },
    sources,
  });
  const ports: AdminPorts = {
    identity: {
      authenticator: createAuthenticator({ store: keyStore, configured: () => configured, hashKey, clock }),
      keys: createApiKeys({ store: keyStore, configured: () => configured, evidence, sources, hashKey, pseudonymOf }),
      tenantName: (id) => configured.tenantName(id),
    },
    approvals,
    evidence: standInEvidence(records),
    governance: {
      judge: (draft) => governance.judge(draft),
      preview: (draft) => governance.preview(draft),
      explain: (draft) => explainPolicy(policy.snapshot().compiled, draft),
      describe: (draft) => draft,
      why: (id) => decisionLog.get(id),
    },
    configuration: { ...policy.configuration, breakGlass },
    mcp: {
      problems: () => Promise.resolve([]),
      pins: createToolPins({ store: createMemoryToolPinStore(), evidence, clock, mode: () => "review" }),
      upstreams: () => [{ name: "forge", state: "ready", tools: 3 }],
    },
  };
  const logged: string[] = [];
  const log = (message: string): void => void logged.push(message);
  const settings = { bindHost: "127.0.0.1", allowedHosts: [], bodyBytesMax: 1024 * 1024, isHttps: false };
  const options = { version: "0.0.0", runtime: "test", sources, log: { info: log, warn: log, error: log } };
  const handler = createAdmin(ports, { ...options, settings: () => settings });
  return { handler, ports, records, logged };
}

/** The body of an answer that is a text. */
export function textOf({ body }: OutboundResponse): string {
  if (body === null) return "";
  if (typeof body !== "string") throw new Error("the answer is not a text");
  return body;
}

interface Ask {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array;
}

/** One request as the runtime would give it. */
export function inbound(
  method: string,
  pathAndQuery: string,
  { key, body, headers = {}, bytes }: Ask = {},
): InboundRequest {
  const [path = "", query = ""] = pathAndQuery.split("?", 2);
  const content = bytes ?? (body === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body)));
  const all = { host: "localhost:8081", ...(key === undefined ? {} : { "x-api-key": secretOf(key) }), ...headers };
  return {
    method,
    path,
    query,
    headers: new Map(Object.entries(all)),
    remoteAddress: "127.0.0.1",
    signal: new AbortController().signal,
    async readBody(bytesMax) {
      if (content.byteLength > bytesMax)
        throw new AegisError("too-large", `request body is larger than ${bytesMax} bytes`);
      return content;
    },
  };
}

function tenants() {
  return ["default", "acme"].map((tenant) => ({
    id: tenant,
    name: `The ${tenant} tenant`,
    api_keys: Object.entries(KEYS)
      .filter(([, key]) => key.tenant === tenant)
      .map(([name, { role }]) => ({ key: secretOf(name), role, actor: name })),
  }));
}

function recordingEvidence(): { readonly evidence: EvidencePort; readonly records: EvidenceDraft[] } {
  const records: EvidenceDraft[] = [];
  return {
    records,
    evidence: {
      append: (draft) => {
        records.push(draft);
        return Promise.resolve({
          leaf: records.length.toString(16).padStart(64, "0"),
          seq: records.length,
          sid: draft.sid,
        });
      },
    },
  };
}

async function openPolicy({
  clock,
  evidence,
}: {
  clock: ReturnType<typeof createSystemClock>;
  evidence: EvidencePort;
}) {
  const file = join(mkdtempSync(join(tmpdir(), "aegis-")), "aegisflow.yaml");
  writeFileSync(file, CONFIG);
  let snapshot: ToolPolicySnapshot | undefined;
  const configuration = await openConfiguration(
    { file, watch: false },
    {
      store: createMemoryConfigVersionStore(),
      clock,
      evidence,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      sources: {
        env: {},
        packs: {
          names: [],
          load: (name) => {
            throw new AegisError("not-found", `no pack \`${name}\``);
          },
        },
      },
      prepare: (policy) => {
        const { hash } = buildPolicySnapshot(policy, 0);
        return {
          policyHash: hash,
          apply: ({ version }) => {
            snapshot = buildPolicySnapshot(policy, version);
          },
        };
      },
    },
  );
  return {
    configuration: {
      current: () => configuration.current(),
      status: () => configuration.status(),
      redacted: () => configuration.redacted(),
      versions: (query: { readonly before?: number; readonly limit: number }) => configuration.versions(query),
      version: (number: number) => configuration.version(number),
      rollback: (...call: Parameters<typeof configuration.rollback>) => configuration.rollback(...call),
    },
    snapshot: (): ToolPolicySnapshot => {
      if (snapshot === undefined) throw new Error("no policy was applied");
      return snapshot;
    },
  };
}

/** Answers from what was appended; sessions are those records name. */
function standInEvidence(records: readonly EvidenceDraft[]): AdminEvidence {
  const of = (tenant: string, sid: string): readonly EvidenceDraft[] => {
    const found = records.filter((record) => record.tenant === tenant && record.sid === sid);
    if (found.length === 0) throw new AegisError("not-found", `session \`${sid}\` not found`);
    return found;
  };
  const verdict = { verdict: "PASS" as const, summary: "", reasons: [] };
  return {
    async sessions({ tenant, limit }) {
      const names = new Set(records.map((record) => JSON.stringify([record.tenant, record.sid])));
      const all = [...names].map((name): [string, string] => JSON.parse(name));
      const sessions = all
        .filter(([owner]) => tenant === undefined || owner === tenant)
        .map(([owner, sid]) => ({
          session_id: sid,
          tenant: owner,
          started_at: "",
          ended_at: "",
          total_actions: 0,
          allowed: 0,
          reviewed: 0,
          blocked: 0,
          records: of(owner, sid).length,
          first_hash: "",
          last_hash: "",
          chain_valid: true,
          state: "open" as const,
        }));
      return sessions.length > limit ? { sessions: sessions.slice(0, limit), nextCursor: "next" } : { sessions };
    },
    exportBundle: async ({ tenant, sid }) => `${JSON.stringify(of(tenant, sid))}\n`,
    verify: async ({ tenant, sid }) => ({
      valid: true,
      total_records: of(tenant, sid).length,
      message: "verified",
      verdicts: { consistent: verdict, complete: verdict, existed_at: verdict, paired: verdict },
    }),
    report: async ({ tenant, sid }, format) => `${format} of ${of(tenant, sid).length} records`,
    redact: async ({ tenant, sid, fields }) => ({ redacted: [...fields], record: String(of(tenant, sid).length) }),
    checkpoint: async () => ({ origin: "test", size: String(records.length), root: "", note: "", vkey: "" }),
    health: () => ({ healthy: true, records: String(records.length), detail: "" }),
  };
}
