/**
 * What the admin surfaces need from the subsystems, by role. The types are those of the subsystems' faces, or of
 * the admin API itself where the subsystem answers in its words.
 */

import type { ActionDraft } from "@aegisflow/core";
import type {
  CheckpointView,
  EvidenceSession,
  EvidenceVerification,
  Redaction,
} from "@aegisflow/core/admin-api/admin-api";
import type { Explanation } from "@aegisflow/core/policy/explain-policy";
import type { Approvals } from "../approvals/approvals.ts";
import type { BreakGlassGrants, Configuration } from "../configuration/configuration.ts";
import type { ToolPins } from "../gates/mcp/tool-pins.ts";
import type { Governance } from "../governance/govern.ts";
import type { Clock, Ids, Random } from "../governance/ports.ts";
import type { ApiKeys, Authenticator } from "../identity/identity.ts";
import type { Log } from "../observability/log.ts";
import type { LoggedDecision } from "../policy/policy.ts";

export interface AdminPorts {
  readonly identity: AdminIdentity;
  readonly approvals: Pick<Approvals, "approve" | "deny" | "cancel" | "get" | "status" | "list" | "countPending">;
  readonly evidence: AdminEvidence;
  readonly governance: AdminGovernance;
  readonly configuration: AdminConfiguration;
  readonly mcp: AdminMcp;
}

export interface AdminIdentity {
  readonly authenticator: Authenticator;
  readonly keys: ApiKeys;
  /** The name of a configured tenant. */
  readonly tenantName: (id: string) => string | undefined;
}

/** A session is named by its tenant and its id. */
export interface SessionName {
  readonly tenant: string;
  readonly sid: string;
}

export interface AdminEvidence {
  /** Newest first. */
  sessions(query: {
    readonly tenant?: string;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<{ readonly sessions: readonly EvidenceSession[]; readonly nextCursor?: string }>;
  /** The bundle, byte for byte. @throws AegisError `not-found`. */
  exportBundle(session: SessionName): Promise<string | Uint8Array>;
  verify(session: SessionName): Promise<EvidenceVerification>;
  report(session: SessionName, format: "markdown" | "html"): Promise<string>;
  /** Destroys values for good. @throws AegisError `not-found`, `conflict`. */
  redact(request: RedactRequest): Promise<Redaction>;
  checkpoint(): Promise<CheckpointView>;
  health(): { readonly healthy: boolean; readonly records: string; readonly detail: string };
}

export interface RedactRequest extends SessionName {
  readonly leaf: string;
  readonly fields: readonly string[];
  readonly basis: string;
  /** Principal id of the administrator. */
  readonly by: string;
}

export interface AdminGovernance {
  /** Decides and records without running. */
  readonly judge: Governance["judge"];
  /** The decision now; records nothing. */
  readonly preview: Governance["preview"];
  /** What the rules alone say, rule by rule. */
  readonly explain: (draft: ActionDraft) => Explanation;
  /** A native action in the gate's own reading; the draft as given where there is no gate for it. */
  readonly describe: (draft: ActionDraft) => ActionDraft;
  /** A recent decision. */
  readonly why: (envelopeId: string) => LoggedDecision | undefined;
}

export interface AdminConfiguration
  extends Pick<Configuration, "current" | "status" | "redacted" | "versions" | "version" | "rollback"> {
  readonly breakGlass: BreakGlassGrants;
}

export interface AdminMcp {
  readonly pins: Pick<ToolPins, "list" | "accept">;
  readonly upstreams: () => readonly { readonly name: string; readonly state: string; readonly tools?: number }[];
  /** What an operator should mend: names offered twice, tools that cannot be served. Answers soon, if need be with less. */
  readonly problems: () => Promise<readonly string[]>;
}

export interface AdminOptions {
  readonly version: string;
  readonly runtime: string;
  readonly sources: { readonly clock: Clock; readonly ids: Ids; readonly random: Random };
  readonly log: Pick<Log, "info" | "warn" | "error">;
  /** Asked for each request: a reload may change them. */
  readonly settings: () => AdminSettings;
}

export interface AdminSettings {
  /** The address the port is bound to, and further names it answers to. */
  readonly bindHost: string;
  readonly allowedHosts: readonly string[];
  readonly bodyBytesMax: number;
  /** True when people reach the pages over https: the session cookie is then `Secure`. */
  readonly isHttps: boolean;
}
