/**
 * The last decisions with the actions they were about, by envelope id, for `why`. A bounded ring in memory: the
 * lasting account of a decision is its evidence record. Holds arguments, so whoever reads it needs the role for it.
 */
import type { ActionEnvelope, Decision } from "@aegisflow/core";

/** Decisions kept by default: minutes to hours of work, some megabytes at most. */
export const DECISION_LOG_ENTRIES_MAX = 2_000;
/** Decisions about larger actions are kept without the action: the ring's memory stays bounded. */
export const LOGGED_ACTION_CHARS_MAX = 16 * 1024;

export interface LoggedDecision {
  readonly envelopeId: string;
  readonly tenant: string;
  readonly decidedAt: string;
  readonly decision: Decision;
  /** Absent when the action was too large to keep. */
  readonly envelope: ActionEnvelope | undefined;
}

export interface DecisionLog {
  record(envelope: ActionEnvelope, decision: Decision): void;
  get(envelopeId: string): LoggedDecision | undefined;
  /** Newest first. */
  recent(limit: number, tenant?: string): readonly LoggedDecision[];
}

export function createDecisionLog(entriesMax: number = DECISION_LOG_ENTRIES_MAX): DecisionLog {
  // A Map keeps insertion order: the first key is the oldest entry.
  const entries = new Map<string, LoggedDecision>();
  return {
    record(envelope, decision) {
      entries.delete(envelope.id);
      entries.set(envelope.id, toEntry(envelope, decision));
      if (entries.size <= entriesMax) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        break;
      }
    },
    get: (envelopeId) => entries.get(envelopeId),
    recent(limit, tenant) {
      const found: LoggedDecision[] = [];
      for (const entry of [...entries.values()].reverse()) {
        if (found.length >= limit) break;
        if (tenant === undefined || entry.tenant === tenant) found.push(entry);
      }
      return found;
    },
  };
}

function toEntry(envelope: ActionEnvelope, decision: Decision): LoggedDecision {
  const size = envelope.canonical_parameters.length + envelope.target.length;
  return {
    envelopeId: envelope.id,
    tenant: envelope.actor.tenant_id,
    decidedAt: envelope.timestamp,
    decision,
    envelope: size > LOGGED_ACTION_CHARS_MAX ? undefined : envelope,
  };
}
