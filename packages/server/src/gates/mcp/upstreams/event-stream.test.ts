/** Bodies of HTTP answers. */
import { describe, expect, test } from "bun:test";
import { readEvents, readText, type ServerEvent, type StreamPosition } from "./event-stream.ts";
import { MESSAGE_BYTES_MAX } from "./frames.ts";

async function* chunked(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(body: AsyncIterable<Uint8Array>, position: StreamPosition): Promise<readonly ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents("u", body, position)) events.push(event);
  return events;
}

describe("readEvents()", () => {
  const STREAM =
    ':ping\n\nid: 1\nretry: 250\ndata: \n\nevent: message\nid: 2\ndata: {"t":"zwölf €"}\n\nevent: endpoint\r\ndata: /post\r\ndata: more\r\n\r\n';

  test.each([1, 2, 3, 7, 1000])("reads events cut into pieces of %d bytes", async (size) => {
    const position: StreamPosition = { lastEventId: undefined, retryMs: undefined };
    expect(await collect(chunked(STREAM, size), position)).toEqual([
      { event: "message", data: '{"t":"zwölf €"}' },
      { event: "endpoint", data: "/post\nmore" },
    ]);
    expect(position).toEqual({ lastEventId: "2", retryMs: 250 });
  });

  test("an event that is cut off at the end is no event", async () => {
    expect(await collect(chunked("data: half", 4), { lastEventId: undefined, retryMs: undefined })).toEqual([]);
  });

  test("ends with too-large when one event grows beyond a message", async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield new TextEncoder().encode(`data: ${"x".repeat(1024 * 1024)}\n`);
    }
    const reading = collect(endless(), { lastEventId: undefined, retryMs: undefined });
    expect(reading).rejects.toMatchObject({
      code: "too-large",
      message: `upstream \`u\` answered with more than ${MESSAGE_BYTES_MAX} bytes`,
    });
    await reading.catch(() => undefined);
  });
});

test("readText() joins characters over chunks and stops at its limit", async () => {
  expect(await readText("u", chunked("€€€", 2), 9)).toBe("€€€");
  expect(await readText("u", chunked("€€€", 2), 8).catch((error: { code: string }) => error.code)).toBe("too-large");
});
