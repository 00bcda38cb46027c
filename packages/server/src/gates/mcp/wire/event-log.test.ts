import { describe, expect, test } from "bun:test";
import { createEventLog } from "./event-log.ts";
import type { EventSink } from "./event-sink.ts";
import { openEventSink } from "./event-sink.ts";

const never = {
  sleep: (_ms: number, signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("over")))),
};

/** What is there to be read now. */
async function readNow(sink: EventSink): Promise<readonly string[]> {
  const next = await Promise.race([sink.body[Symbol.asyncIterator]().next(), Bun.sleep(5).then(() => undefined)]);
  if (next === undefined || next.done === true) return [];
  return next.value.split("\n\n").filter((block) => block !== "" && !block.startsWith(":"));
}
const dataOf = (blocks: readonly string[]) => blocks.map((block) => /^data: (.*)$/m.exec(block)?.[1] ?? "");
const idOf = (block: string | undefined): string => /^id: (.*)$/m.exec(block ?? "")?.[1] ?? "";

describe("createEventLog()", () => {
  test("numbers events by stream, and goes on after any of them", async () => {
    const log = createEventLog(never, true);
    const stream = log.openStream();
    for (const text of ["a", "b", "c"]) stream.send(text);
    const blocks = await readNow(stream.sink);
    expect(dataOf(blocks)).toEqual(["", "a", "b", "c"]);
    for (const [index, expected] of [["a", "b", "c"], ["b", "c"], ["c"], []].entries()) {
      const resumed = log.resume(idOf(blocks[index]));
      expect(resumed === undefined ? undefined : dataOf(await readNow(resumed))).toEqual(expected);
    }
  });

  test("what is said while nobody listens is told to who listens next, once", async () => {
    const log = createEventLog(never, true);
    log.announce("one");
    expect(dataOf(await readNow(log.listen()))).toEqual(["one"]);
    expect(dataOf(await readNow(log.listen()))).toEqual([]);
    log.announce("two");
    const listening = log.listen();
    log.announce("three");
    expect(dataOf(await readNow(listening))).toEqual(["three"]);
  });

  test("streams do not mix", async () => {
    const log = createEventLog(never, false);
    const [a, b] = [log.openStream(), log.openStream()];
    a.send("for a");
    b.send("for b");
    const [fromA, fromB] = [await readNow(a.sink), await readNow(b.sink)];
    expect([dataOf(fromA), dataOf(fromB)]).toEqual([["for a"], ["for b"]]);
    const resumed = log.resume(idOf(fromA[0]));
    a.send("more a");
    expect(resumed === undefined ? [] : dataOf(await readNow(resumed))).toEqual(["more a"]);
  });

  test("keeps a bounded past, and says so when asked for more", async () => {
    const log = createEventLog(never, true);
    const stream = log.openStream();
    const first = await readNow(stream.sink);
    for (let i = 0; i < 1_500; i++) stream.send(`m${i}`);
    expect(log.resume(idOf(first[0]))).toBeUndefined();
    const all = await readNow(stream.sink);
    expect(all.length).toBe(1_500);
    const resumed = log.resume(idOf(all.at(-10)));
    expect(resumed === undefined ? 0 : (await readNow(resumed)).length).toBe(9);
  });

  test("ended streams can still be fetched, then end", async () => {
    const log = createEventLog(never, true);
    const stream = log.openStream();
    stream.send("result");
    stream.end();
    const resumed = log.resume("1-0");
    if (resumed === undefined) throw new Error("forgotten");
    const read: string[] = [];
    for await (const chunk of resumed.body) read.push(chunk);
    expect(read.join("")).toContain("data: result");
  });

  test.each(["", "x", "1", "1-", "-1", "0-0-0", "9-0", "1-99", "0-99"])("%j is no event of ours", (id) => {
    const log = createEventLog(never, true);
    log.openStream();
    expect(log.resume(id)).toBeUndefined();
  });
});

describe("openEventSink()", () => {
  test("cuts off a client that does not read, and tells once", () => {
    const sink = openEventSink(never);
    let closed = 0;
    sink.onClosed(() => closed++);
    const chunk = "x".repeat(1024 * 1024);
    let taken = 0;
    while (sink.write(chunk)) taken++;
    expect(taken).toBe(5);
    expect([sink.isOpen(), closed, sink.write("late")]).toEqual([false, 1, false]);
  });

  test("lets what is queued go out before it ends", async () => {
    const sink = openEventSink(never);
    sink.write("a");
    sink.end();
    const read: string[] = [];
    for await (const chunk of sink.body) read.push(chunk);
    expect(read).toEqual(["a"]);
  });

  test("beats while nothing is said", async () => {
    let beats = 0;
    const sink = openEventSink(
      { sleep: () => (++beats <= 3 ? Promise.resolve() : Promise.reject(new Error("over"))) },
      1,
    );
    await Bun.sleep(5);
    const { value } = await sink.body[Symbol.asyncIterator]().next();
    expect(value).toBe(": keepalive\n\n".repeat(3));
  });
});
