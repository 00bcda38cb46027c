/** A few calls of each transport on Node 24, one JSON line each; started by upstreams-on-node.test.ts. */
import { callTool, openBench, textOf } from "./testing-upstreams.ts";

const [, , nasty = "", url = ""] = process.argv;

async function say(what: string, work: () => Promise<string>): Promise<void> {
  const outcome = await work().catch((error: unknown) => String(error));
  process.stdout.write(`${JSON.stringify([what, outcome])}\n`);
}

await say("stdio", async () => {
  await using bench = await openBench({ command: process.execPath, args: [nasty] });
  const split = textOf(await callTool(bench.upstream, "split"));
  const crash = await callTool(bench.upstream, "crash").then(textOf, String);
  return `${split}|${crash}|${textOf(await callTool(bench.upstream, "banner"))}`;
});
for (const protocol of ["modern", "legacy"] as const) {
  await say(protocol, async () => {
    await using bench = await openBench({ url, protocol });
    const seen: unknown[] = [];
    const onNotification = (_method: string, params: { readonly [key: string]: unknown }): void =>
      void seen.push(params["progress"]);
    await callTool(bench.upstream, "test_tool_with_progress", {}, { meta: { progressToken: "t" }, onNotification });
    return JSON.stringify(seen);
  });
}
process.exit(0);
