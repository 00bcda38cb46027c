/** The upstreams of a configuration, and what a new configuration does to them. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Upstream } from "../upstream.ts";
import { ask, callTool, configOf, openBench, textOf } from "./testing-upstreams.ts";

const ECHO = { command: process.execPath, args: [join(import.meta.dir, "nasty-server.ts")] };

test("a new configuration touches only what changed, in its own order", async () => {
  await using bench = await openBench({ name: "a", ...ECHO });
  const { upstreams } = bench;
  const [a] = upstreams.list();
  await ask(bench.upstream, "ping");
  await upstreams.reconcile([
    configOf({ name: "b", ...ECHO }),
    configOf({ name: "a", ...ECHO, prefix: "x.", tools: ["t*"], timeout: "5s" }),
  ]);
  expect(names(upstreams.list())).toEqual(["b", "a"]);
  expect(upstreams.list()[1]).toBe(a as Upstream);
  expect(a?.state()).toBe("ready");

  await upstreams.reconcile([configOf({ name: "a", ...ECHO, env: { NEW: "1" } })]);
  expect(upstreams.list()[0]).not.toBe(a as Upstream);
  expect(a?.state()).toBe("closed");
  const [replaced] = upstreams.list();
  if (replaced === undefined) throw new Error("no upstream");
  expect(JSON.parse(textOf(await callTool(replaced, "environment")))).toMatchObject({ NEW: "1" });

  await upstreams.close();
  expect(upstreams.list()).toEqual([]);
  expect(await ask(replaced, "ping").catch((error: unknown) => error)).toMatchObject({ code: "no-upstream" });
});

test("a call under way when its upstream is removed ends with a reason", async () => {
  await using bench = await openBench({ name: "a", ...ECHO });
  await ask(bench.upstream, "ping");
  const waiting = callTool(bench.upstream, "silence").catch((error: unknown) => error);
  await bench.upstreams.reconcile([]);
  expect(await waiting).toMatchObject({ code: "upstream-failed" });
});

test("one file of settings in another order is the same connection", async () => {
  const env = { A: "1", B: "2" };
  await using bench = await openBench({ ...ECHO, env });
  const [before] = bench.upstreams.list();
  await bench.upstreams.reconcile([configOf({ env: { B: "2", A: "1" }, ...ECHO })]);
  expect(bench.upstreams.list()[0]).toBe(before as Upstream);
});

function names(list: readonly Upstream[]): readonly string[] {
  return list.map(({ name }) => name);
}
