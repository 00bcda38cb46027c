/**
 * Makes the end of the last segment what the scan says it is. The torn bytes are kept in a copy; the last batch is
 * written again, because after a failed sync the page cache may show frames that the disk never got.
 */
import { type FileSystem, readUpTo, replaceFile, writeFully } from "./file-system.ts";
import {
  asBuffer,
  BATCH_END,
  beginFrame,
  decodeFrame,
  endFrame,
  SEGMENT_HEADER_BYTES,
  segmentPath,
} from "./segment-format.ts";
import type { ScanResult, Tail } from "./segment-scan.ts";

/** Durable when it returns. */
export function repairTail(files: FileSystem, scan: ScanResult): void {
  if (scan.unborn !== undefined) removeUnborn(files, scan.unborn);
  if (scan.torn !== undefined) keepCopy(files, scan.torn);
  if (scan.end.segment === 0) return;
  const file = files.open(segmentPath(scan.end.segment), "edit");
  try {
    if (scan.torn !== undefined) file.truncate(scan.torn.offset);
    writeFully(file, readUpTo(file, 0, SEGMENT_HEADER_BYTES), 0);
    if (scan.lastBatch !== undefined) writeFully(file, endedBatch(scan.lastBatch), scan.lastBatch.offset);
    file.sync();
  } finally {
    file.close();
  }
  files.syncFolder("segments");
}

function removeUnborn(files: FileSystem, id: number): void {
  files.remove(segmentPath(id));
  files.syncFolder("segments");
}

/** `00000003.torn-<bytes offset>`: for the curious; nothing reads it. */
function keepCopy(files: FileSystem, torn: Tail): void {
  const path = segmentPath(torn.segment).replace(/seg$/, `torn-${torn.offset}`);
  replaceFile(files, path, torn.bytes, "durable");
}

/** The batch's frames with the end mark on the last one: what survived is a whole batch from now on. */
function endedBatch(batch: NonNullable<ScanResult["lastBatch"]>): Uint8Array {
  if (batch.ended) return batch.bytes;
  const bytes = Buffer.from(batch.bytes);
  const last = bytes.subarray(bytes.length - batch.lastFrameBytes);
  const frame = decodeFrame(asBuffer(last), 0);
  if (frame === undefined) return bytes;
  beginFrame(last, { ...frame, flags: BATCH_END });
  endFrame(last);
  return bytes;
}
