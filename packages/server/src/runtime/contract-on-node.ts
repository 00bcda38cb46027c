/** Runs the runtime contract on Node 24 and prints one JSON line per case; started by runtime.test.ts. */
import { nodeRuntime } from "./node/node-runtime.ts";
import { RUNTIME_CONTRACT } from "./runtime.contract.ts";

for (const { name, run } of RUNTIME_CONTRACT) {
  const failure = await run(nodeRuntime).then(
    () => null,
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  process.stdout.write(`${JSON.stringify({ name, failure })}\n`);
}
process.exit(0);
