/**
 * Disclosed values against their commitments, and redactions against their authority. Each committed field ends as
 * disclosed, redacted (a valid `redaction` record names it), withheld (neither) or mismatched.
 */
import type { ParsedBundle, ParsedRecord } from "./bundle-parse.ts";
import { commit } from "./commitment.ts";
import type { HashPort } from "./crypto-port.ts";
import type { Findings } from "./findings.ts";

export interface DisclosureCounts {
  readonly disclosed: number;
  readonly redacted: number;
  readonly withheld: number;
  readonly mismatched: number;
}

export type FieldState = keyof DisclosureCounts;

/** Every committed field's state, by `fieldKey`. */
export type FieldStates = ReadonlyMap<string, FieldState>;

export function fieldKey(leaf: string, field: string): string {
  return `${leaf} ${field}`;
}

export function verifyDisclosures(hash: HashPort, findings: Findings, bundle: ParsedBundle): FieldStates {
  const states = new Map<string, FieldState>();
  const redactions = readRedactions(findings, bundle);
  for (const record of [...bundle.records, ...bundle.context]) {
    for (const [field, commitment] of Object.entries(record.header.cm)) {
      states.set(fieldKey(record.leaf, field), fieldState(hash, record, { field, commitment, redactions }));
    }
    for (const field of Object.keys(record.disclosures)) {
      if (record.header.cm[field] === undefined) states.set(fieldKey(record.leaf, field), "mismatched");
    }
  }
  for (const { leaf, header, disclosures } of [...bundle.records, ...bundle.context]) {
    for (const field of Object.keys(disclosures)) {
      if (states.get(fieldKey(leaf, field)) !== "mismatched") continue;
      findings.fail("consistent", `\`${field}\` of #${header.seq} is not what was recorded`);
    }
  }
  return states;
}

export function countStates(states: FieldStates): DisclosureCounts {
  const counts = { disclosed: 0, redacted: 0, withheld: 0, mismatched: 0 };
  for (const state of states.values()) counts[state]++;
  return counts;
}

interface FieldQuestion {
  readonly field: string;
  readonly commitment: string;
  readonly redactions: ReadonlySet<string>;
}

function fieldState(
  hash: HashPort,
  record: ParsedRecord,
  { field, commitment, redactions }: FieldQuestion,
): FieldState {
  const opened = record.disclosures[field];
  if (opened === undefined) {
    const erased = redactions.has(fieldKey(record.leaf, field)) || redactions.has(fieldKey(record.leaf, "*"));
    return erased ? "redacted" : "withheld";
  }
  try {
    return commit(hash, opened[0], field, opened[1]) === commitment ? "disclosed" : "mismatched";
  } catch {
    return "mismatched";
  }
}

/** `leaf field` of every field that was erased with authority; `leaf *` for all fields of a record. */
function readRedactions(findings: Findings, { records, context }: ParsedBundle): ReadonlySet<string> {
  const erased = new Set<string>();
  for (const { header } of [...records, ...context]) {
    if (header.kind !== "redaction") continue;
    const { target, fields, basis, authority_ref, requester_ref } = header.p;
    if (!target || !fields || !basis || !authority_ref || authority_ref === requester_ref) {
      findings.fail(
        "consistent",
        `redaction #${header.seq} of session ${header.sid} has no basis or no independent authority`,
      );
      continue;
    }
    for (const field of fields.split(",")) erased.add(fieldKey(target, field));
  }
  return erased;
}
