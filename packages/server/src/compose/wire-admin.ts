/** The admin side: what its ports mean in terms of the subsystems that are running. */

import type { EvidenceVerification } from "@aegisflow/core/admin-api/admin-api";
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import { AegisError } from "@aegisflow/core/errors";
import { PRODUCT_VERSION } from "@aegisflow/core/version";
import {
  type BundleReport,
  parseCheckpoint,
  parseTrustPolicy,
  renderHtml,
  renderMarkdown,
  toBase64,
  VERDICT_NAMES,
  type VerdictReport,
  verifyBundle,
} from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import { type AdminEvidence, type AdminPorts, type AdminSettings, createAdmin } from "../admin/admin.ts";
import type { Approvals } from "../approvals/approvals.ts";
import type { BreakGlassGrants, Configuration } from "../configuration/configuration.ts";
import type { Governance } from "../governance/govern.ts";
import type { Clock } from "../governance/ports.ts";
import type { ApiKeys, Authenticator } from "../identity/identity.ts";
import type { DecisionLog } from "../policy/policy.ts";
import type { RequestHandler } from "../runtime/runtime.ts";
import { describeTrial } from "./describe-trial.ts";
import type { Foundation } from "./foundation.ts";
import { perConfig } from "./per-config.ts";
import type { PolicySlot } from "./policy-slot.ts";
import { createTwoPersonErasure } from "./two-person-erasure.ts";
import type { McpSide } from "./wire-mcp.ts";

export interface AdminParts {
  readonly slot: PolicySlot;
  readonly governance: Governance;
  readonly approvals: Approvals;
  readonly configuration: Configuration;
  readonly breakGlass: BreakGlassGrants;
  readonly authenticator: Authenticator;
  readonly keys: ApiKeys;
  readonly decisions: DecisionLog;
  readonly mcp: McpSide | undefined;
}

export function wireAdmin(foundation: Foundation, parts: AdminParts): RequestHandler {
  const { sources, log, runtime } = foundation;
  return createAdmin(adminPorts(foundation, parts), {
    version: PRODUCT_VERSION,
    runtime: runtime.name,
    sources,
    log,
    settings: perConfig(parts.slot, toSettings),
  });
}

function adminPorts(foundation: Foundation, parts: AdminParts): AdminPorts {
  const { slot, governance, approvals, configuration, breakGlass, authenticator, keys, decisions, mcp } = parts;
  return {
    identity: { authenticator, keys, tenantName: (id) => slot.current().keys.tenantName(id) },
    approvals,
    evidence: adminEvidence(foundation),
    governance: {
      judge: governance.judge,
      preview: governance.preview,
      explain: slot.explain,
      describe: (draft) => describeTrial(draft, slot.current().config.mcp_gateway.targets),
      why: decisions.get,
    },
    configuration: {
      current: () => configuration.current(),
      status: () => configuration.status(),
      redacted: () => configuration.redacted(),
      versions: (query) => configuration.versions(query),
      version: (number) => configuration.version(number),
      rollback: (number, principal, reason) => configuration.rollback(number, principal, reason),
      breakGlass,
    },
    mcp: {
      pins: mcp?.pins ?? { list: () => [], accept: () => Promise.reject(gateOff()) },
      upstreams: () =>
        mcp?.upstreams.list().map((upstream) => ({ name: upstream.name, state: upstream.state() })) ?? [],
      problems: () => gateProblems(mcp, foundation.sources.clock),
    },
  };
}

/** An upstream that is slow to list must not hold up the status. */
const PROBLEMS_MS_MAX = 2_000;

async function gateProblems(mcp: McpSide | undefined, clock: Clock): Promise<readonly string[]> {
  if (mcp === undefined) return [];
  const stop = new AbortController();
  const late = clock.sleep(PROBLEMS_MS_MAX, stop.signal).then(
    () => [],
    () => [],
  );
  const found = mcp.gate.problems().then((problems) => problems.map(({ message }) => message));
  return Promise.race([found, late]).finally(() => stop.abort());
}

function gateOff(): AegisError {
  return new AegisError("conflict", "the MCP gate is off; enable mcp_gateway first");
}

function adminEvidence({ evidence, sources, secrets }: Foundation): AdminEvidence {
  const erasure = createTwoPersonErasure(sources.clock, evidence, secrets.pseudonymOf);
  const verified = async (session: { readonly tenant: string; readonly sid: string }) => {
    const bundle = new TextEncoder().encode(await evidence.exportSession(session));
    // Our own key is the trust root here: the server answers for itself; a stranger brings the policy he holds.
    const policy = parseTrustPolicy(nodeCrypto, evidence.trustPolicy());
    return verifyBundle(bundle, { policy, crypto: nodeCrypto });
  };
  return {
    sessions: (query) => Promise.resolve(evidence.listSessions(query)),
    exportBundle: (session) => evidence.exportSession(session),
    verify: async (session) => toVerification(await verified(session)),
    report: async (session, format) => {
      const report = await verified(session);
      return format === "html" ? renderHtml(report) : renderMarkdown(report);
    },
    async redact(request) {
      if (evidence.session(request) === undefined) {
        throw new AegisError("not-found", `session \`${request.sid}\` not found`);
      }
      const first = await erasure.consent(request);
      const refOf = (principal: string): string => secrets.pseudonymOf(request.tenant, principal);
      const { leaf } = await evidence.redact({
        ...request,
        requesterRef: refOf(first),
        authorityRef: refOf(request.by),
      });
      return { redacted: [...request.fields], record: leaf };
    },
    async checkpoint() {
      const note = await evidence.checkpoint();
      const { origin, size, root } = parseCheckpoint(note.slice(0, note.indexOf("\n\n") + 1));
      const vkey = /^log (\S+)/m.exec(evidence.trustPolicy())?.[1] ?? "";
      return { origin, size: String(size), root: toBase64(root), note, vkey };
    },
    health() {
      const { size, failure } = evidence.status();
      return { healthy: failure === undefined, records: String(size), detail: failure ?? "records are durable" };
    },
  };
}

function toVerification({ verdicts, bundle }: BundleReport): EvidenceVerification {
  const failed = VERDICT_NAMES.filter((name) => verdicts[name].verdict === "FAIL");
  const faults = failed.map((name) => `${name}: ${verdicts[name].reasons.join("; ")}`);
  return {
    valid: failed.length === 0,
    total_records: bundle?.records.length ?? 0,
    message: failed.length === 0 ? "evidence chain signatures verified" : faults.join("; "),
    verdicts: {
      consistent: plainVerdict(verdicts.consistent),
      complete: plainVerdict(verdicts.complete),
      existed_at: plainVerdict(verdicts.existed_at),
      paired: plainVerdict(verdicts.paired),
    },
  };
}

function plainVerdict({ verdict, summary, reasons }: VerdictReport): EvidenceVerification["verdicts"]["paired"] {
  return { verdict, summary, reasons: [...reasons] };
}

function toSettings({ server, admin }: AegisConfig): AdminSettings {
  const url = admin.public_url === undefined ? undefined : new URL(admin.public_url);
  return {
    bindHost: server.host,
    allowedHosts: [...admin.allowed_hosts, ...(url === undefined ? [] : [url.host])],
    bodyBytesMax: server.max_body_size,
    isHttps: url?.protocol === "https:",
  };
}
