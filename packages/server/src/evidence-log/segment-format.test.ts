import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  BATCH_END,
  beginFrame,
  decodeFrame,
  decodeSegmentHeader,
  encodeSegmentHeader,
  endFrame,
  FRAME_CHECKPOINT,
  FRAME_HEADER_BYTES,
  FRAME_RECORD,
  framesOf,
  SEGMENT_HEADER_BYTES,
} from "./segment-format.ts";

const U53 = fc.maxSafeNat();

function frame(payload: Uint8Array, header: Parameters<typeof beginFrame>[1]): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  bytes.set(payload, FRAME_HEADER_BYTES);
  beginFrame(bytes, header);
  endFrame(bytes);
  return bytes;
}

describe("segment headers", () => {
  test("come back as they were written, in 64 bytes", () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        U53,
        U53,
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (id, baseIndex, firstBatch, previousLeaf) => {
          const bytes = encodeSegmentHeader({ id, baseIndex, firstBatch, previousLeaf });
          expect(bytes.length).toBe(SEGMENT_HEADER_BYTES);
          expect(decodeSegmentHeader(bytes)).toEqual({ id, baseIndex, firstBatch, previousLeaf });
        },
      ),
    );
  });

  test("are refused with any bit flipped or any byte missing", () => {
    const bytes = encodeSegmentHeader({
      id: 3,
      baseIndex: 70_000,
      firstBatch: 9,
      previousLeaf: new Uint8Array(32).fill(7),
    });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(decodeSegmentHeader(flipped)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++)
      expect(decodeSegmentHeader(bytes.subarray(0, length))).toBeUndefined();
  });
});

describe("frames", () => {
  test("come back as they were written", () => {
    const type = fc.constantFrom(FRAME_RECORD, FRAME_CHECKPOINT);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        U53,
        U53,
        type,
        fc.constantFrom(0, BATCH_END),
        (payload, index, batch, kind, flags) => {
          const decoded = decodeFrame(frame(payload, { index, batch, type: kind, flags }), 0);
          expect(decoded && { ...decoded, payload: Uint8Array.from(decoded.payload) }).toEqual({
            index,
            batch,
            type: kind,
            flags,
            payload,
            length: FRAME_HEADER_BYTES + payload.length,
          });
        },
      ),
    );
  });

  test("are refused with any bit flipped or any byte missing", () => {
    const bytes = frame(Buffer.from("payload"), { index: 5, batch: 6, type: FRAME_RECORD, flags: BATCH_END });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeFrame(flipped, 0)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++)
      expect(decodeFrame(bytes.subarray(0, length), 0)).toBeUndefined();
  });

  test("are found one after the other in a batch", () => {
    const header = { index: 0, batch: 1, type: FRAME_RECORD, flags: 0 } as const;
    const batch = Buffer.concat(["a", "bb", ""].map((text) => frame(Buffer.from(text), header)));
    expect([...framesOf(batch)].map((one) => one.subarray(FRAME_HEADER_BYTES).toString())).toEqual(["a", "bb", ""]);
  });
});
