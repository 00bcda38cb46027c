/** Handlers for trying actions out, explaining decisions, and the policy with its versions. */

import { AegisError, type DecisionKind } from "@aegisflow/core";
import type { PolicyVersion, PolicyVersionDetail } from "@aegisflow/core/admin-api/admin-api";
import { visibleTenantOf } from "@aegisflow/core/identity/principal";
import type { ConfigVersionRow } from "../../configuration/config-version-store.ts";
import type { AdminPorts } from "../admin-ports.ts";
import type { NamesOf, RouteHandlers } from "./route-handler.ts";
import { trialDraft } from "./trial-draft.ts";

type Ports = Pick<AdminPorts, "governance" | "configuration">;

const MESSAGES: Readonly<Record<DecisionKind, string>> = {
  allow: "Action is allowed by policy",
  review: "Action requires human review",
  block: "Action is blocked by policy",
};

export function actionHandlers({ governance }: Ports): RouteHandlers<NamesOf<"actions">> {
  return {
    async "actions.test"({ principal, body }) {
      const draft = governance.describe(trialDraft(principal, body));
      const { envelope, decision, leaf, approval } = await governance.judge(draft);
      return {
        json: {
          decision: decision.decision,
          envelope_id: envelope.id,
          evidence_hash: leaf,
          message: MESSAGES[decision.decision],
          ...(approval === undefined ? {} : { approval_id: approval.id }),
          rule: decision.rule,
          reason: decision.reason,
          ...(decision.suggestion === undefined ? {} : { suggestion: decision.suggestion }),
        },
      };
    },
    async "actions.simulate"({ principal, body }) {
      const draft = governance.describe(trialDraft(principal, body));
      const { decision } = await governance.preview(draft);
      const { rule, reason, source, suggestion, trace } = decision;
      return {
        json: {
          action: body.tool,
          decision: decision.decision,
          rule,
          reason,
          ...(source === undefined ? {} : { source }),
          ...(suggestion === undefined ? {} : { suggestion }),
          trace: plain(governance.explain(draft)),
          verdicts: [...trace],
        },
      };
    },
    "actions.why"({ principal, params: { id = "" } }) {
      const logged = governance.why(id);
      const visible = visibleTenantOf(principal);
      if (logged === undefined || (visible !== undefined && logged.tenant !== visible)) {
        throw new AegisError(
          "not-found",
          `no trace found for action \`${id.slice(0, 100)}\`; its evidence has the decision`,
        );
      }
      return {
        json: {
          action_id: logged.envelopeId,
          timestamp: logged.decidedAt,
          tool: logged.envelope?.tool ?? "",
          target: logged.envelope?.target ?? "",
          decision: { ...logged.decision, trace: [...logged.decision.trace] },
        },
      };
    },
  };
}

export function policyHandlers({
  configuration,
}: Ports): RouteHandlers<NamesOf<"policies"> | NamesOf<"policyVersions">> {
  const row = (text: string): ConfigVersionRow => {
    if (!/^\d{1,15}$/.test(text)) throw new AegisError("invalid-input", "version must be an integer");
    const found = configuration.version(Number(text));
    if (found === undefined) throw new AegisError("not-found", `policy version ${text} not found`);
    return found;
  };
  const active = (): number => configuration.current().version;
  return {
    "policies.current"() {
      const { version, policyHash, policy } = configuration.current();
      return {
        json: {
          version,
          hash: policyHash,
          default_decision: policy.defaultDecision,
          packs: [...policy.packs],
          rules: policy.rules.map(({ id, source, rule }) => ({
            id,
            ...(source === undefined ? {} : { source }),
            ...rule,
          })),
        },
      };
    },
    "policyVersions.list"({ query: { limit, cursor } }) {
      const before = cursor === undefined ? {} : { before: versionCursor(cursor) };
      const rows = configuration.versions({ ...before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const nextCursor = rows.length > page.length ? String(page.at(-1)?.version ?? "") : undefined;
      return { json: page.map((version) => toVersion(version, active())), nextCursor };
    },
    "policyVersions.current": () => ({ json: toDetail(row(String(active())), active()) }),
    "policyVersions.get": ({ params: { version = "" } }) => ({ json: toDetail(row(version), active()) }),
    async "policyVersions.rollback"({ principal, params: { version = "" }, body: { reason } }) {
      const target = row(version).version;
      const applied = await configuration.rollback(target, principal, reason);
      return { json: { status: "ok", rolled_back_to: target, version: applied.version } };
    },
  };
}

interface StoredPolicy {
  readonly default_decision: DecisionKind;
  readonly rules: readonly Readonly<Record<string, unknown>>[];
}

function toVersion(row: ConfigVersionRow, active: number): PolicyVersion {
  const { default_decision, rules } = storedPolicy(row);
  return {
    version: row.version,
    hash: row.policyHash,
    config_hash: row.configHash,
    timestamp: new Date(row.appliedAtMs).toISOString(),
    source: row.source,
    rule_count: rules.length,
    default_decision,
    active: row.version === active,
    ...(row.file === undefined ? {} : { file: row.file }),
    ...(row.by === undefined ? {} : { by: row.by }),
    ...(row.reason === undefined ? {} : { reason: row.reason }),
    ...(row.rolledBackTo === undefined ? {} : { rolled_back_to: row.rolledBackTo }),
  };
}

function toDetail(row: ConfigVersionRow, active: number): PolicyVersionDetail {
  return { ...toVersion(row, active), rules: [...storedPolicy(row).rules] };
}

/** Written by this process as canonical JSON of exactly this, so believed here. */
function storedPolicy(row: ConfigVersionRow): StoredPolicy {
  const policy: StoredPolicy = JSON.parse(row.policyJson);
  return policy;
}

function versionCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor))
    throw new AegisError("invalid-input", "cursor is not one of ours; start again without it");
  return Number(cursor);
}

/** The explanation as the plain JSON it is on the wire. */
function plain<T>(value: object): T {
  return JSON.parse(JSON.stringify(value));
}
