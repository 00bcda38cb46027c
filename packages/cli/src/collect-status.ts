/** How the installation is, asked from outside: the three listeners, then what the admin API says of the parts. */
import type { StatusView } from "@aegisflow/core/admin-api/installation-routes";
import { errorText, isAegisError } from "@aegisflow/core/errors";
import { adminUrl, connectAdmin } from "./admin-connection.ts";
import type { CliIo } from "./cli-io.ts";

/** A listener that takes longer is not healthy. */
const PROBE_TIMEOUT_MS = 5_000;
/** Sessions whose chain is looked at: one page, the newest. */
const SESSIONS_LOOKED_AT = 200;
const GATEWAY_URL_DEFAULT = "http://127.0.0.1:8080";
const MCP_URL_DEFAULT = "http://127.0.0.1:8082/mcp";

export interface ListenerStatus {
  readonly url: string;
  readonly healthy: boolean;
}

/** `gateway` to `healthy` have the shape that scripts around the reference product read. */
export interface InstallationStatus {
  readonly gateway: ListenerStatus;
  readonly admin: ListenerStatus;
  readonly mcp: ListenerStatus;
  readonly pending: number;
  readonly sessions: number;
  readonly chain_valid: boolean;
  /** Why the newest configuration file is not in force. */
  readonly config_error?: string;
  /** What the server says of itself; absent when it could not be asked, and then `error` says why. */
  readonly server?: StatusView;
  readonly error?: string;
  readonly healthy: boolean;
}

export async function collectStatus(io: CliIo): Promise<InstallationStatus> {
  const gatewayUrl = (io.env.AEGISFLOW_GATEWAY_URL ?? GATEWAY_URL_DEFAULT).replace(/\/+$/, "");
  const mcpUrl = io.env.AEGISFLOW_MCP_URL ?? MCP_URL_DEFAULT;
  const [gateway, admin, mcp, inside] = await Promise.all([
    probe(io, gatewayUrl, `${gatewayUrl}/health`),
    probe(io, adminUrl(io), `${adminUrl(io)}/health`),
    probe(io, mcpUrl, new URL("/health", mcpUrl).href),
    askServer(io),
  ]);
  const healthy = gateway.healthy && admin.healthy && mcp.healthy && isSound(inside);
  return { gateway, admin, mcp, ...inside, healthy };
}

type Inside = Pick<InstallationStatus, "pending" | "sessions" | "chain_valid" | "config_error" | "server" | "error">;

function isSound({ server, chain_valid, config_error }: Inside): boolean {
  return server?.healthy === true && chain_valid && config_error === undefined;
}

async function askServer(io: CliIo): Promise<Inside> {
  try {
    const admin = connectAdmin(io);
    const server = await admin.call("status.get");
    const sessions = await admin.call("evidence.sessions", { query: { limit: SESSIONS_LOOKED_AT } });
    const config_error = await configError(io);
    return {
      pending: server.approvals.pending,
      sessions: sessions.length,
      chain_valid: server.evidence.healthy && sessions.every((session) => session.chain_valid),
      ...(config_error === undefined ? {} : { config_error }),
      server,
    };
  } catch (error) {
    return { pending: 0, sessions: 0, chain_valid: false, error: errorText(error) };
  }
}

/** Only operators of the installation may see the configuration; for others it is not part of the status. */
async function configError(io: CliIo): Promise<string | undefined> {
  try {
    return (await connectAdmin(io).call("config.get")).last_error;
  } catch (error) {
    if (isAegisError(error) && error.code === "forbidden") return undefined;
    throw error;
  }
}

async function probe(io: CliIo, url: string, healthUrl: string): Promise<ListenerStatus> {
  try {
    const response = await io.fetch(healthUrl, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.arrayBuffer();
    return { url, healthy: response.ok };
  } catch {
    return { url, healthy: false };
  }
}
