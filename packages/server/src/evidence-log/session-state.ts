/**
 * What the log remembers of one session, built up record by record and the same way while writing, while recovering
 * and while reading: where its chain ends, what its list entry shows, and which decisions still lack an outcome.
 */
import type { RecordHeader } from "@aegisflow/evidence";
import { type FramePosition, NOWHERE } from "./record-payload.ts";

export interface SessionRef {
  readonly tenant: string;
  readonly sid: string;
}

export interface SessionState extends SessionRef {
  /** Of the last record; -1 before the first. */
  seq: number;
  /** Leaf hash of the last record, 64 hex; empty before the first. */
  leaf: string;
  firstLeaf: string;
  /** Frame of the last record. */
  last: FramePosition;
  state: "open" | "closed";
  /** Key set of its disclosures in the key files; 0 while it has none. */
  keyId: number;
  startedAt: string;
  endedAt: string;
  decisions: number;
  allowed: number;
  reviewed: number;
  blocked: number;
  /** False once a check of the stored bytes failed. */
  chainValid: boolean;
  /** Leaf hashes of decisions that still need an outcome. */
  readonly open: Set<string>;
  /** Leaf hashes of decisions that a restart closed as `unknown`: a later outcome would be a second one. */
  readonly unknown: Set<string>;
}

export function newSession(ref: SessionRef): SessionState {
  return {
    tenant: ref.tenant,
    sid: ref.sid,
    seq: -1,
    leaf: "",
    firstLeaf: "",
    last: NOWHERE,
    state: "open",
    keyId: 0,
    startedAt: "",
    endedAt: "",
    decisions: 0,
    allowed: 0,
    reviewed: 0,
    blocked: 0,
    chainValid: true,
    open: new Set(),
    unknown: new Set(),
  };
}

/** One map key per chain; neither part can hold a NUL. */
export function sessionKey({ tenant, sid }: SessionRef): string {
  return `${tenant}\u0000${sid}`;
}

/** By tenant, then sid; both are ASCII. */
export function compareSessions(a: SessionRef, b: SessionRef): number {
  return compareText(a.tenant, b.tenant) || compareText(a.sid, b.sid);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What of a record counts for its session. */
export interface RecordFacts {
  readonly kind: string;
  readonly seq: number;
  readonly leaf: string;
  readonly ts: string;
  readonly effect: string | undefined;
  readonly status: string | undefined;
  /** Leaf hash of the decision it answers. */
  readonly decision: string | undefined;
}

export function factsOf(header: Pick<RecordHeader, "kind" | "seq" | "ts" | "p" | "ref">, leaf: string): RecordFacts {
  const { kind, seq, ts, p, ref } = header;
  return { kind, seq, leaf, ts, effect: p["effect"], status: p["status"], decision: ref["decision"] };
}

/** The session one record further. */
export function advanceSession(session: SessionState, record: RecordFacts, at: FramePosition): void {
  session.seq = record.seq;
  session.leaf = record.leaf;
  session.last = at;
  session.endedAt = record.ts;
  if (record.seq === 0) {
    session.firstLeaf = record.leaf;
    session.startedAt = record.ts;
  }
  if (record.kind === "session.close") session.state = "closed";
  if (record.kind === "decision") countDecision(session, record.effect);
  trackOpen(session, record);
}

function countDecision(session: SessionState, effect: string | undefined): void {
  session.decisions++;
  if (effect === "block") session.blocked++;
  else if (effect === "review") session.reviewed++;
  else session.allowed++;
}

/** The rule of `openDecisions` in the evidence package, one record at a time. */
function trackOpen(session: SessionState, { kind, leaf, effect, status, decision }: RecordFacts): void {
  if (kind === "decision" && effect !== "block") session.open.add(leaf);
  if (decision === undefined) return;
  if (kind === "approval.consume") session.open.add(decision);
  if (kind === "approval.request" || kind === "outcome") session.open.delete(decision);
  if (kind === "outcome" && status === "unknown") addUnknown(session.unknown, decision);
}

/** Enough for every action that one restart can interrupt; older ones are forgotten. */
const UNKNOWN_MAX = 4096;

function addUnknown(unknown: Set<string>, decision: string): void {
  unknown.add(decision);
  const [oldest] = unknown;
  if (unknown.size > UNKNOWN_MAX && oldest !== undefined) unknown.delete(oldest);
}

/** Names under which bundles of other sessions find a record; see `Landmark`. */
export function landmarkNames(header: Pick<RecordHeader, "kind" | "p">, leaf: string): readonly string[] {
  const { kind, p } = header;
  if (kind === "approval.vote" || kind === "approval.request") return [leaf];
  if (kind === "decision") return p["effect"] === "review" ? [leaf] : [];
  if (kind === "policy.load") return [`policy:${p["policy"]}`];
  return kind === "redaction" ? [`redaction:${p["target"]}`] : [];
}
