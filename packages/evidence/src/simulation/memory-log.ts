/**
 * A whole evidence log in memory, for simulations, tests and the corpus: appends records of many sessions, signs
 * checkpoints, exports bundles. It writes what the durable log writes and nothing else, without durability.
 */

import { type BundleInput, type BundleRecord, buildBundle } from "../bundle.ts";
import { contextNeeds } from "../bundle-needs.ts";
import { formatCheckpoint } from "../checkpoint.ts";
import type { Disclosures } from "../commitment.ts";
import type { Ed25519Signer, HashPort } from "../crypto-port.ts";
import { fromHex, toHex } from "../encoding.ts";
import { type HeadEntry, headPath, headsPayload } from "../heads.ts";
import { treeRoot } from "../merkle.ts";
import { inclusionProof, readerOfLeaves } from "../merkle-proof.ts";
import { buildRecord, NO_PREDECESSOR, type RecordDraft } from "../record.ts";
import type { RecordHeader } from "../record-header.ts";
import {
  cosign,
  createNoteSigner,
  formatNote,
  formatVerifierKey,
  NOTE_COSIGNATURE_V1,
  noteKeyId,
  parseNote,
  signNote,
} from "../signed-note.ts";
import type { CanonicalInput } from "../strict-json.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface LogEntry {
  readonly header: RecordHeader;
  readonly text: string;
  readonly leaf: string;
  /** Place in the order of writing. */
  readonly index: number;
  body: Disclosures;
}

export interface EntryDraft {
  readonly tenant: string;
  readonly sid: string;
  readonly kind: string;
  readonly p?: Readonly<Record<string, string>>;
  readonly ref?: Readonly<Record<string, string>>;
  readonly disclosures?: Readonly<Record<string, CanonicalInput>>;
  /** What a dishonest writer puts into the header instead of the truth. */
  readonly lie?: Partial<RecordDraft>;
}

export interface MemoryLogPorts {
  readonly hash: HashPort;
  readonly random: SeededRandom;
  readonly signer: Ed25519Signer;
  readonly witnesses: readonly { readonly name: string; readonly signer: Ed25519Signer }[];
}

/** Session of the log's own records. */
export const SYSTEM = { tenant: "system", sid: "system" } as const;
const START_MS = Date.UTC(2026, 10, 23, 10, 0, 0);

/** A log that holds everything it wrote. */
export class MemoryLog {
  readonly origin: string;
  readonly entries: LogEntry[] = [];
  readonly #ports: MemoryLogPorts;
  readonly #heads = new Map<string, HeadEntry>();
  /** Session of each record, whatever its header says. */
  readonly #sessions = new Map<string, string>();
  /** What a dishonest log says in its `heads` records about a session. */
  headsLie: (entry: HeadEntry) => HeadEntry = (entry) => entry;
  /** How far the witnesses' clocks are behind. */
  witnessLagSeconds = 0;
  #micros = 0;

  constructor(ports: MemoryLogPorts, origin = "acme.example/aegis/test") {
    this.#ports = ports;
    this.origin = origin;
  }

  /** Appends a record; the first of a session gets a `session.open` before it. */
  append(draft: EntryDraft): LogEntry {
    const name = `${draft.tenant} ${draft.sid}`;
    if (!this.#heads.has(name)) this.#write({ tenant: draft.tenant, sid: draft.sid, kind: "session.open" }, undefined);
    return this.#write(draft, this.#heads.get(name));
  }

  #write(draft: EntryDraft, head: HeadEntry | undefined): LogEntry {
    const { tenant, sid, kind } = draft;
    this.#micros += 1 + this.#ports.random.below(2_000_000);
    const built = buildRecord(
      this.#ports.hash,
      {
        boot: "b1",
        epoch: 1,
        id: toHex(this.#ports.random.bytes(16)),
        kind,
        log: this.origin,
        mono: String(this.#micros),
        p: draft.p ?? {},
        prev: head?.leaf ?? NO_PREDECESSOR,
        ref: draft.ref ?? {},
        seq: head === undefined ? 0 : head.seq + 1,
        sid,
        tenant,
        ts: timestamp(this.#micros),
        ...draft.lie,
      },
      draft.disclosures ?? {},
      (count) => this.#ports.random.bytes(count),
    );
    const header: RecordHeader = JSON.parse(built.header);
    const entry: LogEntry = {
      header,
      text: built.header,
      leaf: built.leaf,
      index: this.entries.length,
      body: built.body,
    };
    this.entries.push(entry);
    const state = kind === "session.close" ? "closed" : "open";
    const seq = head === undefined ? 0 : head.seq + 1;
    this.#heads.set(`${tenant} ${sid}`, { tenant, sid, seq, leaf: built.leaf, state });
    this.#sessions.set(built.leaf, `${tenant} ${sid}`);
    return entry;
  }

  /** Writes a `heads` record over all sessions as they stand. */
  appendHeads(): { readonly entry: LogEntry; readonly heads: readonly HeadEntry[] } {
    const heads = [...this.#heads.values()].map((head) => this.headsLie(head));
    const entry = this.append({ ...SYSTEM, kind: "heads", p: headsPayload(this.#ports.hash, heads) });
    return { entry, heads };
  }

  /** What a broken clock does. */
  turnClock(micros: number): void {
    this.#micros += micros;
  }

  /** Time now in the log's world, Unix seconds. */
  nowSeconds(): number {
    return Math.floor((START_MS + this.#micros / 1000) / 1000) + 1;
  }

  /** The signed and cosigned checkpoint of the first `size` entries. */
  checkpoint(size = this.entries.length): string {
    const { hash, signer, witnesses } = this.#ports;
    const leaves = this.entries.slice(0, size).map(({ leaf }) => fromHex(leaf));
    const text = formatCheckpoint({ origin: this.origin, size, root: treeRoot(hash, leaves) });
    const note = parseNote(signNote(text, [createNoteSigner(hash, this.origin, signer)]));
    const cosigned = witnesses.map((witness) =>
      cosign(hash, witness.name, witness.signer, text, this.nowSeconds() - this.witnessLagSeconds),
    );
    return formatNote({ text, signatures: [...note.signatures, ...cosigned] });
  }

  /** The trust policy a friend of this log would write. */
  trustPolicy(): string {
    const { hash, signer, witnesses } = this.#ports;
    const names = witnesses.map(({ name }) => name);
    const lines = [
      `log ${formatVerifierKey(createNoteSigner(hash, this.origin, signer).key)}`,
      ...witnesses.map(({ name, signer: { publicKey } }) => {
        const keyId = noteKeyId(hash, name, NOTE_COSIGNATURE_V1, publicKey);
        return `witness ${name} ${formatVerifierKey({ name, keyId, type: NOTE_COSIGNATURE_V1, publicKey })}`;
      }),
      ...(names.length === 0 ? ["quorum none"] : [`group witnesses all ${names.join(" ")}`, "quorum witnesses"]),
    ];
    return `${lines.join("\n")}\n`;
  }

  /** What `buildBundle` takes for a session; appends a `heads` record first. */
  exportInput(tenant: string, sid: string): BundleInput {
    const { hash } = this.#ports;
    const { entry: headsEntry, heads } = this.appendHeads();
    const session = this.entries
      .filter(({ leaf }) => this.#sessions.get(leaf) === `${tenant} ${sid}`)
      .toSorted((a, b) => a.index - b.index);
    const context = this.#context(session, headsEntry);
    const head = this.#heads.get(`${tenant} ${sid}`);
    const claimed = head === undefined ? { tenant, sid } : this.headsLie(head);
    const leaves = this.entries.map(({ leaf }) => fromHex(leaf));
    const read = readerOfLeaves(hash, leaves);
    const proofs = contextNeeds(session, context).proofs.map((leaf) => {
      const index = this.entries.findIndex((entry) => entry.leaf === leaf);
      return { leaf, index, path: inclusionProof(hash, index, leaves.length, read).map(toHex) };
    });
    return {
      records: session.map(toBundleRecord),
      context: context.map(toBundleRecord),
      proofs,
      heads: { record: headsEntry.leaf, ...headPath(hash, heads, claimed.tenant, claimed.sid) },
      checkpoint: this.checkpoint(),
      suggestedPolicy: this.trustPolicy(),
    };
  }

  exportBundle(tenant: string, sid: string): string {
    return buildBundle(this.#ports.hash, this.exportInput(tenant, sid));
  }

  /** Everything the session leans on: the heads record, redactions, followed references, policy loads. */
  #context(session: readonly LogEntry[], headsEntry: LogEntry): readonly LogEntry[] {
    const inSession = new Set(session.map(({ leaf }) => leaf));
    const redactions = this.entries.filter(
      ({ header }) => header.kind === "redaction" && inSession.has(header.p.target ?? ""),
    );
    const context = [headsEntry, ...redactions];
    for (;;) {
      const needs = contextNeeds(session, context);
      const followed = needs.leaves.map((wanted) => this.entries.find(({ leaf }) => leaf === wanted));
      const loads = needs.policies.map((policy) =>
        this.entries.find(({ header }) => header.kind === "policy.load" && header.p.policy === policy),
      );
      const found = [...followed, ...loads].filter((entry) => entry !== undefined);
      if (found.length === 0) return context;
      context.push(...found);
    }
  }
}

function toBundleRecord({ text, body }: LogEntry): BundleRecord {
  return { header: text, disclosures: body };
}

function timestamp(micros: number): string {
  const seconds = new Date(START_MS + Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000).padStart(6, "0")}Z`;
}
