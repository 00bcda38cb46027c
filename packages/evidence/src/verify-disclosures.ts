/**
 * Disclosed values against their commitments, and redactions against their authority. Each committed field ends as
 * disclosed, redacted (a valid `redaction` record names it), withheld (neither) or mismatched.
 */
import type { ParsedRecord } from "./bundle-lines.ts";
import type { ParsedBundle } from "./bundle-parse.ts";
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

export interface DisclosureFindings {
  readonly fields: FieldStates;
  readonly counts: DisclosureCounts;
}

export const NOTHING_DISCLOSED: DisclosureCounts = { disclosed: 0, redacted: 0, withheld: 0, mismatched: 0 };

export function fieldKey(leaf: string, field: string): string {
  return `${leaf} ${field}`;
}

export function verifyDisclosures(hash: HashPort, findings: Findings, bundle: ParsedBundle): DisclosureFindings {
  const fields = new Map<string, FieldState>();
  const counts = { ...NOTHING_DISCLOSED };
  const redactions = readRedactions(findings, bundle);
  for (const record of [...bundle.records, ...bundle.context]) {
    const { leaf, header, disclosures } = record;
    for (const field of new Set([...Object.keys(header.cm), ...Object.keys(disclosures)])) {
      const state = fieldState(hash, record, field, redactions);
      fields.set(fieldKey(leaf, field), state);
      counts[state]++;
      if (state === "mismatched")
        findings.fail("consistent", `\`${field}\` of #${header.seq} is not what was recorded`);
    }
  }
  return { fields, counts };
}

/** NOTE: own fields only: a field may be called `constructor`. */
function fieldState(hash: HashPort, record: ParsedRecord, field: string, redactions: ReadonlySet<string>): FieldState {
  const { leaf, header, disclosures } = record;
  const opened = Object.hasOwn(disclosures, field) ? disclosures[field] : undefined;
  if (opened === undefined) {
    return redactions.has(fieldKey(leaf, field)) || redactions.has(fieldKey(leaf, "*")) ? "redacted" : "withheld";
  }
  try {
    const committed = Object.hasOwn(header.cm, field) ? header.cm[field] : undefined;
    return commit(hash, opened[0], field, opened[1]) === committed ? "disclosed" : "mismatched";
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
