/**
 * Where every session stands at one moment: the Merkle root that a `heads` record commits to, and the path of one
 * session for its bundle. The live sessions are copied at once, the rest is read from the index in slices between
 * which other work runs; the index must not be saved to meanwhile.
 */
import {
  fromHex,
  HASH_BYTES,
  type HeadEntry,
  type HeadPath,
  headsPayload,
  inclusionProof,
  type NodeReader,
  nodeHash,
  toHex,
} from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { LiveSession } from "./live-sessions.ts";
import type { SessionIndex } from "./session-index.ts";
import { compareSessions, type SessionRef, sessionKey } from "./session-state.ts";

/** Sessions hashed in one go: about a millisecond. */
const SLICE_SESSIONS = 200;
/** Smaller subtrees are cheaper to hash twice than to remember. */
const LEVEL_REMEMBERED_MIN = 6;

export interface HeadsSnapshot {
  /** 64 hex, and decimal: `p` of the `heads` record. */
  readonly payload: { readonly root: string; readonly size: string };
  /** Undefined when the wanted session was not there yet. */
  readonly path: HeadPath | undefined;
}

export interface HeadsSources {
  readonly live: Iterable<LiveSession>;
  readonly index: SessionIndex;
  /** Lets other work run. */
  readonly pause: () => Promise<void>;
}

/** @param wanted the session whose path is needed */
export async function takeHeads(sources: HeadsSources, wanted: SessionRef | undefined): Promise<HeadsSnapshot> {
  const live = [...sources.live].filter(({ seq }) => seq >= 0).map(entryOfLive);
  const liveKeys = new Set(live.map(sessionKey));
  live.sort(compareSessions);
  const leaves = new LeafList();
  let found: { readonly entry: HeadEntry; readonly index: number } | undefined;
  const take = (entry: HeadEntry): void => {
    if (wanted !== undefined && compareSessions(entry, wanted) === 0) found = { entry, index: leaves.size };
    // The payload over one entry is that entry's leaf hash.
    leaves.push(fromHex(headsPayload(nodeCrypto, [entry]).root));
  };
  let nextLive = 0;
  const takeLiveBefore = (limit: SessionRef | undefined): void => {
    for (let entry = live[nextLive]; entry !== undefined; entry = live[++nextLive]) {
      if (limit !== undefined && compareSessions(entry, limit) > 0) return;
      take(entry);
    }
  };
  for (let after: SessionRef | undefined; ; ) {
    const slice = sources.index.after(after, SLICE_SESSIONS);
    for (const { tenant, sid, seq, leaf, state } of slice) {
      takeLiveBefore({ tenant, sid });
      if (!liveKeys.has(sessionKey({ tenant, sid }))) take({ tenant, sid, seq, leaf, state });
    }
    after = slice.at(-1);
    if (slice.length < SLICE_SESSIONS) break;
    await sources.pause();
  }
  takeLiveBefore(undefined);
  const read = leaves.reader();
  const payload = { root: toHex(rootOf(leaves.size, read)), size: String(leaves.size) };
  if (found === undefined) return { payload, path: undefined };
  const path = inclusionProof(nodeCrypto, found.index, leaves.size, read).map(toHex);
  return { payload, path: { ...found, size: leaves.size, path } };
}

function entryOfLive({ state, seq, leaf, closing }: LiveSession): HeadEntry {
  return { tenant: state.tenant, sid: state.sid, seq, leaf, state: closing ? "closed" : "open" };
}

/** Root of the whole tree: a path's last step, split where RFC 6962 splits. */
function rootOf(size: number, read: NodeReader): Uint8Array {
  if (size === 0) return nodeCrypto.sha256(new Uint8Array(0));
  let level = 0;
  while (2 ** (level + 1) <= size) level++;
  let start = 2 ** level;
  const parts = [read(level, 0)];
  while (start < size) {
    while (start + 2 ** level > size) level--;
    parts.push(read(level, start / 2 ** level));
    start += 2 ** level;
  }
  return parts.reduceRight((right, left) => nodeHash(nodeCrypto, left, right));
}

/** Leaf hashes one after the other in one growing buffer: 32 bytes a session. */
class LeafList {
  #bytes = new Uint8Array(SLICE_SESSIONS * HASH_BYTES);
  size = 0;

  push(leaf: Uint8Array): void {
    const at = this.size * HASH_BYTES;
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(leaf, at);
    this.size++;
  }

  /** Hashes perfect subtrees on demand and remembers the larger ones. */
  reader(): NodeReader {
    const known = new Map<string, Uint8Array>();
    const read: NodeReader = (level, index) => {
      if (level === 0) return this.#bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
      const name = level < LEVEL_REMEMBERED_MIN ? "" : `${level}/${index}`;
      const node = known.get(name) ?? nodeHash(nodeCrypto, read(level - 1, index * 2), read(level - 1, index * 2 + 1));
      if (name !== "") known.set(name, node);
      return node;
    };
    return read;
  }
}
