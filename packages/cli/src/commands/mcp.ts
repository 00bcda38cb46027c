/** aegisctl mcp: what an MCP client that starts servers as processes is given instead of the servers themselves. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { AegisError } from "@aegisflow/core/errors";
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { runMcpBridge } from "../mcp-bridge/mcp-bridge.ts";

export const MCP_URL_DEFAULT = "http://127.0.0.1:8082/mcp";
const AGENT_KEY_FILE = "agent.key";

interface McpOptions {
  readonly url?: string;
  readonly keyFile?: string;
}

export function addMcpCommand(program: Command, io: CliIo): void {
  program
    .command("mcp")
    .description("speak MCP on standard input and output, through the gateway")
    .option("--url <url>", `the gateway's MCP endpoint (default: $AEGISFLOW_MCP_URL or ${MCP_URL_DEFAULT})`)
    .option("--key-file <file>", "file that holds the agent's API key (default: agent.key in the data folder)")
    .action(async (options: McpOptions) => {
      await runMcpBridge({
        input: process.stdin,
        output: (line) => io.stdout(`${line}\n`),
        log: io.stderr,
        fetch: io.fetch,
        url: endpointOf(options.url ?? io.env["AEGISFLOW_MCP_URL"] ?? MCP_URL_DEFAULT),
        apiKey: await agentKey(options, io),
      });
    });
}

/** @throws AegisError `invalid-input` for what is no http URL. */
export function endpointOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new AegisError("invalid-input", `\`${url}\` is not an http URL; write for example ${MCP_URL_DEFAULT}`);
  }
  return parsed.pathname === "/" ? new URL("/mcp", parsed).href : parsed.href;
}

/** AEGISFLOW_API_KEY, else the file the gateway wrote at its first start; neither is needed if it asks for no key. */
async function agentKey({ keyFile }: McpOptions, io: CliIo): Promise<string | undefined> {
  const fromEnvironment = io.env["AEGISFLOW_API_KEY"]?.trim() ?? "";
  if (keyFile === undefined && fromEnvironment !== "") return fromEnvironment;
  const dataFolder = io.env["AEGISFLOW_HOME"] ?? join(io.env["HOME"] ?? homedir(), ".aegisflow");
  const file = resolve(io.cwd, keyFile ?? join(dataFolder, AGENT_KEY_FILE));
  try {
    const key = (await readFile(file, "utf8")).trim();
    return key === "" ? undefined : key;
  } catch (cause) {
    if (keyFile === undefined) return undefined;
    throw new AegisError("not-found", `cannot read the key file \`${file}\`; check --key-file`, { cause });
  }
}
