/** The example forge on its own: stdio, or `--http 3000` for Streamable HTTP. Same code as `aegisflow example-forge`. */
import { runForgeHttp, runForgeStdio } from "@aegisflow/server/examples/forge";

const at = process.argv.indexOf("--http");
if (at < 0) process.exit(await runForgeStdio());
const { url } = await runForgeHttp(Number(process.argv[at + 1] ?? "3000"));
console.log(`the forge listens at ${url}`);
