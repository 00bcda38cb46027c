/**
 * The durable evidence of a simulated world: real records, really chained, held in memory. The seed lets an append
 * fail before it is durable, or be durable although the caller is told that it failed.
 */
import { AegisError } from "@aegisflow/core";
import { buildRecord, parseRecordHeader, type RecordHeader, recordLeaf } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { Clock, EvidenceDraft, EvidencePort, EvidenceReceipt } from "../ports.ts";
import type { Incarnation, SeededRandom, Steps } from "./steps.ts";

export interface StoredRecord {
  readonly leaf: string;
  readonly header: RecordHeader;
  readonly text: string;
  readonly draft: Omit<EvidenceDraft, "kind"> & { readonly kind: string };
}

const NO_PREDECESSOR = "0".repeat(64);

export class SimEvidence {
  readonly records: StoredRecord[] = [];
  readonly #clock: Clock;
  readonly #heads = new Map<string, StoredRecord>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One atomic, durable append. */
  append(draft: StoredRecord["draft"]): EvidenceReceipt {
    const chain = JSON.stringify([draft.tenant, draft.sid]);
    if (!this.#heads.has(chain))
      this.#store(chain, { ...draft, kind: "session.open", p: {}, disclosures: {}, ref: {} });
    const { leaf, header } = this.#store(chain, draft);
    return { leaf, seq: header.seq, sid: header.sid };
  }

  #store(chain: string, draft: StoredRecord["draft"]): StoredRecord {
    const head = this.#heads.get(chain);
    const { header: text, leaf } = buildRecord(
      nodeCrypto,
      {
        boot: "sim",
        epoch: 1,
        id: `r${this.records.length}`,
        kind: draft.kind,
        log: "sim.example/log",
        mono: String(this.records.length),
        p: draft.p,
        prev: head?.leaf ?? NO_PREDECESSOR,
        ref: draft.ref ?? {},
        seq: head === undefined ? 0 : head.header.seq + 1,
        sid: draft.sid,
        tenant: draft.tenant,
        ts: this.#clock.nowIso(),
      },
      draft.disclosures,
      () => new Uint8Array(16),
    );
    const record: StoredRecord = { leaf, text, header: parseRecordHeader(text), draft };
    this.#heads.set(chain, record);
    this.records.push(record);
    return record;
  }

  /** Every chain from its `session.open`, each link recomputed from the stored text. @throws Error where it breaks. */
  assertChains(): void {
    const heads = new Map<string, string>();
    for (const { text, leaf, header } of this.records) {
      const chain = JSON.stringify([header.tenant, header.sid]);
      const prev = heads.get(chain) ?? NO_PREDECESSOR;
      if (header.prev !== prev || recordLeaf(nodeCrypto, text) !== leaf) throw new Error(`chain ${chain} breaks`);
      if ((header.seq === 0) !== (header.kind === "session.open")) throw new Error(`chain ${chain} has no opening`);
      heads.set(chain, leaf);
    }
  }
}

/** The port as one process life sees it: it parks before and after, so that a crash can fall on either side. */
export function faultyEvidence(
  durable: SimEvidence,
  steps: Steps,
  random: SeededRandom,
  owner: Incarnation,
): EvidencePort {
  return {
    async append(draft) {
      await steps.point(owner);
      const mood = random.below(60);
      if (mood === 0) throw new AegisError("unavailable", "simulated store failure");
      const receipt = durable.append(draft);
      await steps.point(owner);
      if (mood === 1) throw new AegisError("unavailable", "simulated lost acknowledgement");
      return receipt;
    },
  };
}
