/** One helper per business event of the pipeline: what an operator reads in the log about actions. */
import { type ActionEnvelope, assertNever, type Decision } from "@aegisflow/core";
import type { EventsPort, GovernanceEvent } from "../governance/ports.ts";
import type { Log } from "./log.ts";

/** @param remember keeps the last decisions for `why` */
export function createEvents(log: Log, remember: (envelope: ActionEnvelope, decision: Decision) => void): EventsPort {
  return {
    emit(event) {
      if (event.kind === "action-decided") remember(event.envelope, event.decision);
      logEvent(log, event);
    },
  };
}

function logEvent(log: Log, event: GovernanceEvent): void {
  switch (event.kind) {
    case "action-decided":
      actionDecided(log, event);
      break;
    case "action-finished":
      actionFinished(log, event);
      break;
    case "engine-failed":
      log.error("a policy engine failed; the action is blocked", { engine: event.engine, error: event.error });
      break;
    case "evidence-failed":
      log.error("evidence could not be written; nothing is allowed", { error: event.error });
      break;
    case "lease-release-failed":
      log.error("a credential lease was not released", { lease: event.leaseId, error: event.error });
      break;
    default:
      assertNever(event, "event");
  }
}

function actionDecided(log: Log, event: Extract<GovernanceEvent, { kind: "action-decided" }>): void {
  const { envelope, decision } = event;
  const line = { action: envelope.id, tool: envelope.tool, decision: decision.decision, rule: decision.rule };
  if (decision.break_glass !== undefined) {
    log.warn("break-glass let a failing engine be skipped", { ...line, grant: decision.break_glass });
  }
  const level = decision.decision === "allow" ? "debug" : "info";
  const verb = { allow: "allowed", review: "needs review", block: "blocked" }[decision.decision];
  log[level](`action ${verb}`, { ...line, actor: envelope.actor.id, session: envelope.actor.session_id });
}

function actionFinished(log: Log, event: Extract<GovernanceEvent, { kind: "action-finished" }>): void {
  const { envelope, status, durationMs } = event;
  log.debug("action finished", { action: envelope.id, tool: envelope.tool, status, ms: Math.round(durationMs) });
}
