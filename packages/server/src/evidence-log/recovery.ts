/**
 * Finds the end of the log after whatever happened, and proves that nothing acknowledged is missing: scans what the
 * index does not know yet, checks every record against its session's chain, compares the tree with what was signed,
 * repairs a torn tail. It never repairs anything else: damage and rollback are for people to decide.
 */
import {
  errorMessage,
  fromHex,
  NO_PREDECESSOR,
  parseCheckpoint,
  parseNote,
  parseRecordHeader,
  recordLeaf,
  utf8Decode,
  utf8Encode,
} from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { LogEnd } from "./batch-builder.ts";
import { type FileSystem, readWhole } from "./file-system.ts";
import { recoverKeyFiles } from "./key-recovery.ts";
import { lockExists, openLockStore, type SignedState } from "./lock-store.ts";
import { type FramePosition, readPayload } from "./record-payload.ts";
import { corrupt, type LogRefusal, rolledBack } from "./refusal.ts";
import { scanLog } from "./segment-scan.ts";
import { CHECKPOINT_PATH, type SignedCheckpoint } from "./segment-writer.ts";
import type { Landmark, LogSnapshot, SessionIndex } from "./session-index.ts";
import { advanceSession, factsOf, landmarkNames, newSession, type SessionState, sessionKey } from "./session-state.ts";
import { repairTail } from "./tail-repair.ts";
import { EMPTY_EDGE, edgeRoot, GrowingTree, type Tile, type TreeEdge } from "./tree-edge.ts";

export interface RecoveredLog {
  readonly end: LogEnd;
  readonly edge: TreeEdge;
  /** Full tiles to write again. */
  readonly tiles: readonly Tile[];
  readonly signed: SignedState;
  /** The checkpoint file says what was signed last. */
  readonly published: boolean;
  /** The newest checkpoint, when it covers everything. */
  readonly checkpoint: SignedCheckpoint | undefined;
  /** Sessions with records that the index does not know. */
  readonly changed: readonly SessionState[];
  readonly landmarks: readonly Landmark[];
  readonly nextKeyId: number;
  /** Highest key id that a record uses. */
  readonly keyIdMax: number;
  /** Undefined after an orderly close. */
  readonly unclean: { readonly tornBytes: number; readonly firstUnindexed: number } | undefined;
}

const NO_LEAF = new Uint8Array(32);
const EMPTY_ROOT = edgeRoot(EMPTY_EDGE);

interface Scanner {
  readonly origin: string;
  readonly index: SessionIndex;
  readonly tree: GrowingTree;
  readonly sessions: Map<string, SessionState>;
  readonly landmarks: Landmark[];
  readonly signed: SignedState;
  keyIdMax: number;
}

/** The signed note of a size and root: signatures are deterministic, so it is the same every time. */
export type SignNote = (signed: SignedState) => string;

/** @throws LogRefusal `corrupt` or `rollback`. */
export function recoverLog(files: FileSystem, index: SessionIndex, origin: string, sign: SignNote): RecoveredLog {
  const signed = takeOver(files);
  const snapshot = usableSnapshot(index, origin);
  const from = snapshot === undefined ? beginning() : endOf(snapshot);
  const edge = snapshot?.edge ?? EMPTY_EDGE;
  const keyIdMax = snapshot?.keyIdMax ?? 0;
  const found = { sessions: new Map(), landmarks: [], tree: new GrowingTree(edge) };
  const scanner: Scanner = { origin, index, signed, keyIdMax, ...found };
  assertSigned(scanner, from.size);
  const scan = scanLog(files, from, {
    record: (payload, _index, at) => takeRecord(scanner, payload, at),
    checkpoint: (note) => assertNotNewer(signed, noteSize(note)),
  });
  if (scan.end.size < signed.size) throw rolledBack(`it has ${scan.end.size} records of ${signed.size} signed ones`);
  const note = signed.size === 0 ? "" : sign(signed);
  const published = isPublished(files, signed, note);
  repairTail(files, scan);
  const nextKeyId = recoverKeyFiles(files, scanner.keyIdMax);
  const tornBytes = scan.torn?.bytes.length ?? 0;
  const clean =
    scan.end.size === from.size && tornBytes === 0 && scan.lastBatch === undefined && signed.size === from.size;
  const edgeNow = scanner.tree.edge();
  const covered = published && signed.size === scan.end.size;
  return {
    end: scan.end,
    edge: edgeNow,
    checkpoint: covered ? { size: signed.size, root: signed.root, note, edge: edgeNow } : undefined,
    tiles: scanner.tree.takeFullTiles(),
    signed,
    published,
    changed: [...scanner.sessions.values()],
    landmarks: scanner.landmarks,
    nextKeyId,
    keyIdMax: scanner.keyIdMax,
    unclean: clean ? undefined : { tornBytes, firstUnindexed: from.size },
  };
}

/** The newest opener wins: whoever still writes under the epoch before fails at its next checkpoint. */
function takeOver(files: FileSystem): SignedState {
  if (!lockExists(files) && (files.list("segments").length > 0 || files.exists(CHECKPOINT_PATH))) {
    throw rolledBack("its lock file is gone");
  }
  const lock = openLockStore(files, EMPTY_ROOT);
  try {
    const before = lock.current();
    const signed = { size: before.size, root: before.root, epoch: before.epoch + 1 };
    lock.swap(before, signed);
    return signed;
  } finally {
    lock.close();
  }
}

function usableSnapshot(index: SessionIndex, origin: string): LogSnapshot | undefined {
  const snapshot = index.snapshot();
  if (snapshot?.origin === origin) return snapshot;
  index.clear();
  return undefined;
}

function beginning(): LogEnd {
  return { segment: 0, offset: 0, batch: 0, size: 0, lastLeaf: NO_LEAF };
}

function endOf(snapshot: LogSnapshot): LogEnd {
  const { segment, offset, batch, edge } = snapshot;
  return { segment, offset, batch, size: edge.range.size, lastLeaf: fromHex(snapshot.lastLeaf) };
}

/** What was signed at exactly this size must be what is stored. */
function assertSigned({ tree, signed }: Scanner, snapshotSize?: number): void {
  if (snapshotSize !== undefined && signed.size < snapshotSize)
    throw rolledBack("its lock file is older than its index");
  if (tree.size === signed.size && tree.rootHex() !== signed.root) throw rolledBack("it is not what was signed");
}

function takeRecord(scanner: Scanner, stored: Uint8Array, at: FramePosition): Uint8Array {
  const payload = readPayload(stored);
  if (payload === undefined) throw corruptAt(at, "a frame holds no record");
  const { header: text, keyId, previous } = payload;
  const header = parseStored(text, at);
  const leaf = recordLeaf(nodeCrypto, text);
  const session = sessionOf(scanner, header.tenant, header.sid);
  const follows =
    header.log === scanner.origin &&
    header.seq === session.seq + 1 &&
    header.prev === (session.seq < 0 ? NO_PREDECESSOR : session.leaf) &&
    previous.segment === session.last.segment &&
    previous.offset === session.last.offset;
  if (!follows) throw corruptAt(at, "a record does not follow its session's last one");
  advanceSession(session, factsOf(header, leaf), at);
  for (const name of landmarkNames(header, leaf)) scanner.landmarks.push({ name, at });
  if (keyId !== 0) session.keyId = keyId;
  scanner.keyIdMax = Math.max(scanner.keyIdMax, keyId);
  const bytes = fromHex(leaf);
  scanner.tree.append(bytes);
  assertSigned(scanner);
  return bytes;
}

function parseStored(text: string, at: FramePosition): ReturnType<typeof parseRecordHeader> {
  try {
    return parseRecordHeader(text);
  } catch (error) {
    throw corruptAt(at, errorMessage(error));
  }
}

function corruptAt(at: FramePosition, what: string): LogRefusal {
  return corrupt(`${what} (segment ${at.segment}, byte ${at.offset})`);
}

function sessionOf(scanner: Scanner, tenant: string, sid: string): SessionState {
  const key = sessionKey({ tenant, sid });
  const known = scanner.sessions.get(key) ?? scanner.index.load({ tenant, sid }) ?? newSession({ tenant, sid });
  scanner.sessions.set(key, known);
  return known;
}

function assertNotNewer(signed: SignedState, size: number | undefined): void {
  if (size !== undefined && size > signed.size) throw rolledBack("its lock file is older than its checkpoints");
}

function noteSize(note: Uint8Array): number | undefined {
  try {
    return parseCheckpoint(parseNote(utf8Decode(note)).text).size;
  } catch {
    return undefined;
  }
}

/** After a power cut the checkpoint file may be the one before; newer than the lock file it can only be after a rollback. */
function isPublished(files: FileSystem, signed: SignedState, note: string): boolean {
  const stored = readWhole(files, CHECKPOINT_PATH) ?? new Uint8Array(0);
  assertNotNewer(signed, noteSize(stored));
  return note !== "" && Buffer.compare(stored, utf8Encode(note)) === 0;
}
