/**
 * Reads stored records from the segments themselves: one at a position, or a session backwards along the links
 * between its frames. What it returns is what the disk holds; whether that is true is for the caller to check.
 */
import { errorMessage, parseRecordHeader, type RecordHeader, recordLeaf } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import { type FileSystem, type OpenFile, readUpTo } from "./file-system.ts";
import { type FramePosition, type RecordPayload, readPayload } from "./record-payload.ts";
import {
  asBuffer,
  decodeFrame,
  FRAME_HEADER_BYTES,
  FRAME_RECORD,
  PAYLOAD_BYTES_MAX,
  segmentPath,
} from "./segment-format.ts";

export interface StoredRecord {
  readonly at: FramePosition;
  /** Log index that the frame claims; proven by inclusion, not by itself. */
  readonly index: number;
  readonly header: RecordHeader;
  /** The stored header bytes, as text. */
  readonly text: string;
  /** Over the stored bytes. */
  readonly leaf: string;
  readonly payload: RecordPayload;
}

/** Why a record could not be read. */
export interface Unreadable {
  readonly fault: string;
}

/** First read of a frame: most are shorter, longer ones are read again. */
const FRAME_BYTES_GUESS = 4096;
/** Segments kept open while reading. */
const OPEN_SEGMENTS_MAX = 16;

export interface RecordReader {
  read(at: FramePosition): StoredRecord | Unreadable;
  close(): void;
}

export function createRecordReader(files: FileSystem): RecordReader {
  const open = new Map<number, OpenFile>();
  const fileOf = (segment: number): OpenFile => {
    const known = open.get(segment);
    if (known !== undefined) return known;
    const [oldest] = open;
    if (open.size >= OPEN_SEGMENTS_MAX && oldest !== undefined) {
      oldest[1].close();
      open.delete(oldest[0]);
    }
    const file = files.open(segmentPath(segment), "read");
    open.set(segment, file);
    return file;
  };
  return {
    read: (at) => {
      try {
        return readRecord(fileOf(at.segment), at);
      } catch (error) {
        return { fault: errorMessage(error) };
      }
    },
    close: () => {
      for (const file of open.values()) file.close();
      open.clear();
    },
  };
}

function readRecord(file: OpenFile, at: FramePosition): StoredRecord | Unreadable {
  let bytes = asBuffer(readUpTo(file, at.offset, FRAME_BYTES_GUESS));
  const length = bytes.length < FRAME_HEADER_BYTES ? 0 : FRAME_HEADER_BYTES + bytes.readUInt32LE(0);
  if (length > FRAME_HEADER_BYTES + PAYLOAD_BYTES_MAX) return { fault: "the frame fails its check" };
  if (length > bytes.length) bytes = asBuffer(readUpTo(file, at.offset, length));
  const frame = decodeFrame(bytes, 0);
  const payload = frame?.type === FRAME_RECORD ? readPayload(frame.payload) : undefined;
  if (frame === undefined || payload === undefined) return { fault: "the frame fails its check" };
  const header = parseRecordHeader(payload.header);
  return {
    at,
    index: frame.index,
    header,
    text: payload.header,
    leaf: recordLeaf(nodeCrypto, payload.header),
    payload,
  };
}

/** A session from a record back to its first; the last element may be the reason why reading stopped. */
export function* readBackwards(reader: RecordReader, from: FramePosition): Generator<StoredRecord | Unreadable> {
  let at = from;
  while (at.segment !== 0) {
    const record = reader.read(at);
    yield record;
    if ("fault" in record) return;
    const { previous } = record.payload;
    const isBefore = previous.segment < at.segment || (previous.segment === at.segment && previous.offset < at.offset);
    if (previous.segment !== 0 && !isBefore) {
      yield { fault: "the link to the record before leads forward" };
      return;
    }
    at = previous;
  }
}
