/**
 * Makes batches durable, in order, and signs checkpoints: the only code that writes to an open log. One fdatasync
 * acknowledges a batch; a checkpoint is signed only after the lock store holds its size and root. Any error poisons:
 * nothing is written afterwards, because after a failed sync nobody can tell what the disk has.
 */
import { AegisError, assertThat } from "@aegisflow/core";
import {
  createNoteSigner,
  type Ed25519Signer,
  formatCheckpoint,
  fromHex,
  HASH_BYTES,
  type NoteSigner,
  signNote,
  utf8Encode,
} from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import { type Batch, type KeyAppend, partsOfBatch, SEAL_BYTES } from "./batch.ts";
import { type FileSystem, type OpenFile, replaceFile, writeFully } from "./file-system.ts";
import { KeyFileWriter } from "./key-file-writer.ts";
import { type LockStore, openLockStore, type SignedState } from "./lock-store.ts";
import { sealBody } from "./record-body.ts";
import {
  copyOf,
  encodeSegmentHeader,
  endFrame,
  framesOf,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentPath,
} from "./segment-format.ts";
import { createTileWriter, type TileWriter } from "./tile-store.ts";
import { GrowingTree, partialTiles, type Tile, type TreeEdge } from "./tree-edge.ts";

export const CHECKPOINT_PATH = "checkpoint";

/** Where recovery left the log. */
export interface WriterStart {
  readonly origin: string;
  /** 0 while there is no segment. */
  readonly segment: number;
  readonly offset: number;
  readonly edge: TreeEdge;
  /** Full tiles that recovery found to be written. */
  readonly tiles: readonly Tile[];
  readonly signed: SignedState;
  /** Checkpoint with this size and root is signed and stored. */
  readonly published: boolean;
}

export interface SignedCheckpoint {
  readonly size: number;
  /** 64 hex. */
  readonly root: string;
  /** The signed note. */
  readonly note: string;
  readonly edge: TreeEdge;
}

/** One write and one sync for each file, however many sessions begin at once. */
function mergeKeys(keys: readonly KeyAppend[]): readonly KeyAppend[] {
  const shards = new Map<number, Uint8Array[]>();
  for (const { shard, bytes } of keys) shards.set(shard, [...(shards.get(shard) ?? []), bytes]);
  return [...shards].map(([shard, parts]) => ({ shard, bytes: Buffer.concat(parts) }));
}

/** Nothing readable leaves this process: bodies are encrypted before the first byte is written. */
function sealBatch(frames: Buffer, seals: Buffer): void {
  for (let at = 0; at < seals.length; at += SEAL_BYTES) {
    const body = frames.subarray(seals.readUInt32LE(at), seals.readUInt32LE(at + 4));
    sealBody(body, seals.subarray(at + 8, at + SEAL_BYTES));
  }
  for (const frame of framesOf(frames)) endFrame(frame);
}

/** The checkpoint of a size and root as a signed note. */
export function signCheckpoint(signer: NoteSigner, origin: string, { size, root }: SignedState): string {
  return signNote(formatCheckpoint({ origin, size, root: fromHex(root) }), [signer]);
}

export class SegmentWriter {
  readonly #files: FileSystem;
  readonly #tree: GrowingTree;
  readonly #tiles: TileWriter;
  readonly #lock: LockStore;
  readonly #signer: NoteSigner;
  readonly #keys: KeyFileWriter;
  readonly #origin: string;
  #segment: number;
  #offset: number;
  #file: OpenFile | undefined;
  #signed: SignedState;
  #published: boolean;
  #poisoned = false;

  constructor(files: FileSystem, signer: Ed25519Signer, start: WriterStart) {
    this.#files = files;
    this.#tree = new GrowingTree(start.edge);
    this.#tiles = createTileWriter(files);
    this.#tiles.writeFull(start.tiles);
    this.#lock = openLockStore(files, start.signed.root);
    this.#signer = createNoteSigner(nodeCrypto, start.origin, signer);
    this.#keys = new KeyFileWriter(files);
    this.#origin = start.origin;
    this.#segment = start.segment;
    this.#offset = start.offset;
    this.#file = start.segment === 0 ? undefined : files.open(segmentPath(start.segment), "edit");
    this.#signed = start.signed;
    this.#published = start.published;
  }

  /** Durable when it returns. */
  commit(batch: Batch): void {
    this.#guard(() => {
      for (const { shard, bytes } of mergeKeys(batch.keys)) this.#keys.append(shard, bytes);
      if (batch.begin !== undefined) this.#beginSegment(batch.begin);
      const file = this.#file;
      assertThat(file !== undefined && batch.segment === this.#segment, "a batch goes to the open segment");
      assertThat(batch.offset === this.#offset, "a batch goes to the end of its segment");
      const { frames, leaves, seals } = partsOfBatch(batch.memory, batch.sizes);
      sealBatch(frames, seals);
      writeFully(file, frames, batch.offset);
      file.datasync();
      this.#offset += frames.length;
      this.#grow(copyOf(leaves));
      // As they fill, so that a checkpoint under load has only the last ones to write.
      this.#tiles.writeFull(this.#tree.takeFullTiles());
    });
  }

  /** @param leaves a copy: the tree keeps some of them, the batch's memory goes back. */
  #grow(leaves: Uint8Array): void {
    for (let at = 0; at < leaves.length; at += HASH_BYTES) this.#tree.append(leaves.subarray(at, at + HASH_BYTES));
  }

  /** Header and name are durable before the first frame: a frame in a file that vanishes would be lost after its ack. */
  #beginSegment(header: SegmentHeader): void {
    this.#file?.close();
    const file = this.#files.open(segmentPath(header.id), "create");
    writeFully(file, encodeSegmentHeader(header), 0);
    file.sync();
    this.#files.syncFolder("segments");
    this.#file = file;
    this.#segment = header.id;
    this.#offset = SEGMENT_HEADER_BYTES;
  }

  /** Signs and publishes the tree as it is; undefined when the newest checkpoint says all there is to say. */
  checkpoint(): SignedCheckpoint | undefined {
    return this.#guard(() => {
      const { size } = this.#tree;
      if (size === 0 || (size === this.#signed.size && this.#published)) return undefined;
      const edge = this.#tree.edge();
      this.#tiles.writePartial(partialTiles(edge));
      const root = this.#tree.rootHex();
      const next: SignedState = { size, root, epoch: this.#signed.epoch };
      this.#lock.swap(this.#signed, next);
      this.#signed = next;
      const note = signCheckpoint(this.#signer, this.#origin, next);
      replaceFile(this.#files, CHECKPOINT_PATH, utf8Encode(note), "synced");
      this.#published = true;
      return { size, root, note, edge };
    });
  }

  /** Replaces a key file by one without erased keys and overwrites the old bytes. Durable when it returns. */
  replaceKeys(shard: number, bytes: Uint8Array): void {
    this.#guard(() => this.#keys.replace(shard, bytes));
  }

  close(): void {
    this.#file?.close();
    this.#keys.close();
    this.#lock.close();
  }

  #guard<T>(work: () => T): T {
    if (this.#poisoned) throw new AegisError("unavailable", "the evidence log has failed, restart the server");
    try {
      return work();
    } catch (error) {
      this.#poisoned = true;
      throw error;
    }
  }
}
