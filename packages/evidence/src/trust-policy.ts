/**
 * C2SP tlog-policy: whom a verifier trusts. `log <vkey> [url]`, `witness <name> <vkey> [url]`,
 * `group <name> all|any|<k> <member>…`, `quorum <name>|none`. It is the whole trust root of an offline check, so it
 * comes from the verifier's own hands, never from the bundle.
 */
import { hasC0Control } from "./control-characters.ts";
import type { CryptoPort, HashPort } from "./crypto-port.ts";
import { toHex } from "./encoding.ts";
import { EvidenceError, errorMessage } from "./evidence-error.ts";
import {
  NOTE_COSIGNATURE_V1,
  NOTE_ED25519,
  parseVerifierKey,
  type SignedNote,
  type VerifierKey,
  verifyNote,
} from "./signed-note.ts";

/** The specification asks for at least 32 logs, witnesses and groups each. */
export const POLICY_LINES_MAX = 1024;

export type Quorum =
  | { readonly kind: "witness"; readonly name: string; readonly key: VerifierKey }
  | { readonly kind: "group"; readonly name: string; readonly threshold: number; readonly members: readonly Quorum[] };

export interface TrustPolicy {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
  /** Undefined for `quorum none`. */
  readonly quorum: Quorum | undefined;
}

interface Draft {
  readonly logs: VerifierKey[];
  readonly witnesses: VerifierKey[];
  readonly named: Map<string, Quorum>;
  readonly members: Set<string>;
  quorum: Quorum | "none" | undefined;
}

/** @throws EvidenceError `malformed` or `limit-exceeded`, naming the line. */
export function parseTrustPolicy(hash: HashPort, text: string): TrustPolicy {
  const lines = text.split("\n");
  if (lines.length > POLICY_LINES_MAX) throw new EvidenceError("limit-exceeded", "trust policy has too many lines");
  const draft: Draft = { logs: [], witnesses: [], named: new Map(), members: new Set(), quorum: undefined };
  lines.forEach((line, i) => {
    try {
      readLine(hash, draft, line);
    } catch (error) {
      throw new EvidenceError("malformed", `trust policy line ${i + 1}: ${errorMessage(error)}`);
    }
  });
  const { logs, witnesses, quorum } = draft;
  if (quorum === undefined) throw malformed("trust policy has no quorum line, add `quorum none` to require no witness");
  return { logs, witnesses, quorum: quorum === "none" ? undefined : quorum };
}

function malformed(message: string): EvidenceError {
  return new EvidenceError("malformed", message);
}

function readLine(hash: HashPort, draft: Draft, line: string): void {
  if (hasC0Control(line, "\t") || line.includes("\u007f")) throw malformed("control character");
  const [keyword = "", ...words] = line.split(/[ \t]+/).filter((word) => word !== "");
  if (keyword === "" || keyword.startsWith("#")) return;
  const read = LINE_READERS.get(keyword);
  if (read === undefined) throw malformed("expected `log`, `witness`, `group` or `quorum`");
  read(hash, draft, words);
}

const LINE_READERS: ReadonlyMap<string, (hash: HashPort, draft: Draft, words: readonly string[]) => void> = new Map([
  ["log", readLog],
  ["witness", readWitness],
  ["group", (_hash, draft, words) => readGroup(draft, words)],
  ["quorum", (_hash, draft, words) => readQuorum(draft, words)],
]);

function readLog(hash: HashPort, draft: Draft, words: readonly string[]): void {
  const [vkey] = words;
  if (vkey === undefined || words.length > 2) throw malformed("expected `log <vkey> [<url>]`");
  draft.logs.push(readKey(hash, vkey, NOTE_ED25519, draft.logs));
}

function readWitness(hash: HashPort, draft: Draft, words: readonly string[]): void {
  const [name, vkey] = words;
  if (name === undefined || vkey === undefined || words.length > 3)
    throw malformed("expected `witness <name> <vkey> [<url>]`");
  const key = readKey(hash, vkey, NOTE_COSIGNATURE_V1, draft.witnesses);
  define(draft, name, { kind: "witness", name, key });
  draft.witnesses.push(key);
}

function readKey(hash: HashPort, vkey: string, type: number, known: readonly VerifierKey[]): VerifierKey {
  const key = parseVerifierKey(hash, vkey);
  if (key.type !== type) throw malformed("this type of key cannot stand here");
  if (known.some((other) => toHex(other.publicKey) === toHex(key.publicKey)))
    throw malformed("the same key stands twice");
  return key;
}

function define(draft: Draft, name: string, quorum: Quorum): void {
  if (name === "none" || draft.named.has(name)) throw malformed("this name is taken");
  draft.named.set(name, quorum);
}

function readGroup(draft: Draft, words: readonly string[]): void {
  const [name, threshold, ...names] = words;
  if (name === undefined || threshold === undefined || names.length === 0) {
    throw malformed("expected `group <name> all|any|<k> <member>…`");
  }
  const members = names.map((member) => takeMember(draft, member));
  const count = threshold === "all" ? members.length : threshold === "any" ? 1 : Number(threshold);
  if (!/^(?:all|any|[1-9]\d{0,3})$/.test(threshold) || count > members.length) {
    throw malformed("a group's threshold is `all`, `any` or a number up to its members");
  }
  define(draft, name, { kind: "group", name, threshold: count, members });
}

/** Each name may be a member once, so that no witness counts twice. */
function takeMember(draft: Draft, name: string): Quorum {
  const member = draft.named.get(name);
  if (member === undefined) throw malformed("a member must be defined above its group");
  if (draft.members.has(name)) throw malformed("a name may be a member only once");
  draft.members.add(name);
  return member;
}

function readQuorum(draft: Draft, words: readonly string[]): void {
  const [name] = words;
  if (name === undefined || words.length > 1) throw malformed("expected `quorum <name>` or `quorum none`");
  if (draft.quorum !== undefined) throw malformed("there is exactly one quorum line");
  const quorum = name === "none" ? "none" : draft.named.get(name);
  if (quorum === undefined) throw malformed("the quorum must be defined above");
  draft.quorum = quorum;
}

/** What a policy says about a checkpoint. */
export type TrustFinding =
  | {
      readonly kind: "trusted";
      readonly logKey: VerifierKey;
      /** Names of the witnesses whose cosignatures are valid. */
      readonly witnesses: readonly string[];
      /** Unix seconds by which the quorum had seen the checkpoint; undefined when the policy asks for no witness. */
      readonly seenBySeconds: number | undefined;
    }
  | { readonly kind: "untrusted"; readonly reason: string; readonly witnesses: "not-reached" | "short" };

/** Checks the signatures of a checkpoint note against a policy. Never throws for a bad note. */
export async function checkTrust(
  crypto: CryptoPort,
  policy: TrustPolicy,
  note: SignedNote,
  origin: string,
): Promise<TrustFinding> {
  const logs = policy.logs.filter((key) => key.name === origin);
  try {
    const [logSignature] = await verifyNote(crypto, note, logs);
    if (logSignature === undefined) {
      return {
        kind: "untrusted",
        witnesses: "not-reached",
        reason: "checkpoint is not signed by a log key of the trust policy",
      };
    }
    const cosignatures = await verifyNote(crypto, note, policy.witnesses);
    const seenBySeconds = quorumTime(policy.quorum, new Map(cosignatures.map((c) => [c.key, c.timeSeconds ?? 0])));
    if (policy.quorum !== undefined && seenBySeconds === undefined) {
      return {
        kind: "untrusted",
        witnesses: "short",
        reason: "checkpoint lacks the cosignatures that the trust policy asks for",
      };
    }
    return { kind: "trusted", logKey: logSignature.key, witnesses: cosignatures.map((c) => c.key.name), seenBySeconds };
  } catch (error) {
    return { kind: "untrusted", witnesses: "not-reached", reason: errorMessage(error) };
  }
}

/** The earliest time by which the quorum was complete; undefined when it is not, or when none is asked for. */
function quorumTime(quorum: Quorum | undefined, times: ReadonlyMap<VerifierKey, number>): number | undefined {
  if (quorum === undefined) return undefined;
  if (quorum.kind === "witness") return times.get(quorum.key);
  const reached = quorum.members.map((member) => quorumTime(member, times)).filter((time) => time !== undefined);
  return reached.sort((a, b) => a - b)[quorum.threshold - 1];
}
