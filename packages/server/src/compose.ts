/**
 * Puts the server together; the only place that knows every adapter. Opens in the order things stand on each other
 * (data folder, evidence, configuration, pipeline, gates, listeners) and closes in the reverse.
 */

import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import { errorText } from "@aegisflow/core/errors";
import { createBuiltInPacks } from "@aegisflow/core/policy/built-in-packs";
import { parseDurationMs } from "@aegisflow/core/units";
import { type Approvals, createApprovals, type DEFAULT_APPROVAL_LIMITS } from "./approvals/approvals.ts";
import { bannerOf } from "./compose/banner.ts";
import { closeFoundation, evidenceFolder, type Foundation, openFoundation } from "./compose/foundation.ts";
import { createPolicySlot, type PolicySlot, policiesPort } from "./compose/policy-slot.ts";
import { selfCommand } from "./compose/self.ts";
import { wireAdmin } from "./compose/wire-admin.ts";
import { type McpSide, wireMcp } from "./compose/wire-mcp.ts";
import {
  type BreakGlassGrants,
  type CandidateSources,
  type CheckedConfiguration,
  type Configuration,
  checkConfiguration,
  loadStartConfig,
  openBreakGlass,
  openConfiguration,
  withSelf,
} from "./configuration/configuration.ts";
import { createCredentialBroker } from "./credentials/broker.ts";
import { EXIT_LOG_FAILED, recoverAcceptLoss } from "./evidence-log/evidence-log.ts";
import { createGovernance, type Governance } from "./governance/govern.ts";
import { gatewayHandler } from "./http/gateway-handler.ts";
import {
  type ApiKeysPorts,
  createApiKeys,
  createAuthenticator,
  createFirstKeys,
  dataFolderPath,
  replaceAdminKey,
} from "./identity/identity.ts";
import { createEvents } from "./observability/events.ts";
import { createDecisionLog } from "./policy/policy.ts";
import type { Listener } from "./runtime/runtime.ts";
import { createEmbeddedApiKeyStore } from "./storage/embedded/api-key-store.ts";
import { createEmbeddedApprovalStore } from "./storage/embedded/approval-store.ts";
import { createEmbeddedBreakGlassStore } from "./storage/embedded/break-glass-store.ts";
import { createEmbeddedConfigVersionStore } from "./storage/embedded/config-version-store.ts";

export interface ServerOptions {
  /** Absent: the built-in configuration. */
  readonly configFile?: string;
  /** Data folder of the command line; before `data_dir`. */
  readonly home?: string;
  readonly acceptLoss: boolean;
  /** The administrator's key was lost: make a new one and show it. Whoever may write the data folder may ask this. */
  readonly replaceAdminKey?: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** The process must end with this status. */
  readonly onFatal: (exitStatus: number) => void;
}

export interface RunningServer {
  /** What a person who started it needs to know; holds the administrator's key at the first start only. */
  readonly banner: string;
  reload(): void;
  close(): Promise<void>;
}

/** A connection without traffic is closed; streams send heartbeats below it. */
const IDLE_TIMEOUT_S = 120;
const APPROVAL_SWEEP_MS = 5_000;

/** @throws AegisError `config-invalid` and whatever keeps a part from opening; nothing stays open then. */
export async function openServer(options: ServerOptions): Promise<RunningServer> {
  const closing = new AsyncDisposableStack();
  try {
    const candidates = candidateSources(options.env);
    const config = loadStartConfig(options.configFile, candidates);
    const home = options.home ?? dataFolderPath(config.data_dir, options.env);
    const foundation = await openGround(options, home, config);
    closing.defer(() => closeFoundation(foundation));
    const parts = await openParts(options, foundation, candidates, closing);
    const listeners = await openListeners(foundation, parts, closing);
    const firstKeys = await createFirstKeys(parts.keyPorts, home);
    const lostKey = options.replaceAdminKey === true ? await replaceAdminKey(parts.keyPorts) : undefined;
    return {
      banner: bannerOf({ home, configFile: options.configFile, listeners, firstKeys, replacedAdminKey: lostKey }),
      reload: () => void reload(foundation, parts.configuration),
      close: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** `--check`: everything a start would refuse. */
export function checkConfigFile(file: string, env: NodeJS.ProcessEnv): CheckedConfiguration {
  // Only compiled, never used: a hash of nothing stands for the keys of the file.
  const slot = createPolicySlot(() => "");
  return checkConfiguration(file, candidateSources(env), (policy, config) => slot.prepare(policy, config));
}

function candidateSources(env: NodeJS.ProcessEnv): CandidateSources {
  const { program, script } = selfCommand();
  return { env: withSelf(env, program, script), packs: createBuiltInPacks() };
}

/** Opens what everything stands on; after a loss that an operator accepts, on a new evidence log. */
function openGround(options: ServerOptions, home: string, config: AegisConfig): Promise<Foundation> {
  if (options.acceptLoss) recoverAcceptLoss(evidenceFolder(home));
  return openFoundation(home, config, (error) => {
    process.stderr.write(`fatal: the evidence log failed, and nothing is governed without it: ${error.message}\n`);
    options.onFatal(EXIT_LOG_FAILED);
  });
}

// ---- the parts ------------------------------------------------------------------------------------------------

interface Parts {
  readonly slot: PolicySlot;
  readonly configuration: Configuration;
  readonly breakGlass: BreakGlassGrants;
  readonly approvals: Approvals;
  readonly governance: Governance;
  readonly keyPorts: ApiKeysPorts;
  readonly mcp: McpSide | undefined;
  readonly adminHandler: ReturnType<typeof wireAdmin>;
}

async function openParts(
  options: ServerOptions,
  foundation: Foundation,
  candidates: CandidateSources,
  closing: AsyncDisposableStack,
): Promise<Parts> {
  const { database, evidence, sources, log, secrets } = foundation;
  const slot = createPolicySlot(secrets.hashKey);
  const breakGlass = openBreakGlass({ ...sources, store: createEmbeddedBreakGlassStore(database), evidence });
  const configuration = await openConfiguration(options.configFile === undefined ? {} : { file: options.configFile }, {
    store: createEmbeddedConfigVersionStore(database),
    clock: sources.clock,
    evidence,
    log,
    sources: candidates,
    prepare: (policy, config) => slot.prepare(policy, config),
  });
  closing.defer(() => configuration.close());
  const approvals = openApprovals(foundation, slot, closing);
  const decisions = createDecisionLog();
  const governance = createGovernance({
    policies: policiesPort(slot, breakGlass.current),
    evidence,
    approvals,
    credentials: createCredentialBroker(sources.ids, () => sources.clock.nowMs()),
    events: createEvents(log, (envelope, decision) => decisions.record(envelope, decision)),
    sources,
  });
  const keyPorts = keyPortsOf(foundation, slot);
  const authenticator = createAuthenticator({ ...keyPorts, clock: sources.clock });
  const keys = createApiKeys(keyPorts);
  const mcp = slot.current().config.mcp_gateway.enabled
    ? wireMcp(foundation, slot, governance, authenticator)
    : undefined;
  if (mcp !== undefined) closing.defer(() => mcp.close());
  const shared = { slot, configuration, breakGlass, approvals, governance, mcp };
  const adminHandler = wireAdmin(foundation, { ...shared, authenticator, keys, decisions });
  return { ...shared, keyPorts, adminHandler };
}

function openApprovals(foundation: Foundation, slot: PolicySlot, closing: AsyncDisposableStack): Approvals {
  const { database, evidence, sources, secrets, log } = foundation;
  const approvals = createApprovals({
    store: createEmbeddedApprovalStore(database),
    evidence,
    clock: sources.clock,
    pseudonymOf: secrets.pseudonymOf,
    urlOf: (id) => `${publicUrlOf(slot.current().config)}/approvals/${encodeURIComponent(id)}`,
    limits: () => approvalLimits(slot.current().config),
  });
  const stop = new AbortController();
  const sweeping = sweepApprovals(approvals, foundation, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) log.error("approvals are no longer swept", { error: errorText(error) });
  });
  closing.defer(async () => {
    stop.abort();
    await sweeping;
  });
  return approvals;
}

async function sweepApprovals(approvals: Approvals, { sources, log }: Foundation, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sources.clock.sleep(APPROVAL_SWEEP_MS, signal);
    await approvals.sweep(signal).catch((error: unknown) => {
      log.warn("expired approvals could not be swept", { error: errorText(error) });
    });
  }
}

function publicUrlOf({ admin, server }: AegisConfig): string {
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  return (admin.public_url ?? `http://${host}:${server.admin_port}`).replace(/\/$/, "");
}

function approvalLimits({ approvals, approval_integrations }: AegisConfig): typeof DEFAULT_APPROVAL_LIMITS {
  const pendingPerTenantMax = approvals.max_pending_per_tenant;
  // A quarter each, so that one agent cannot fill the queue for all.
  const pendingPerRequesterMax = Math.max(1, Math.floor(pendingPerTenantMax / 4));
  return { ttlMs: parseDurationMs(approval_integrations.timeout), pendingPerTenantMax, pendingPerRequesterMax };
}

function keyPortsOf({ database, evidence, sources, secrets }: Foundation, slot: PolicySlot): ApiKeysPorts {
  return {
    store: createEmbeddedApiKeyStore(database),
    configured: () => slot.current().keys,
    evidence,
    sources,
    hashKey: secrets.hashKey,
    pseudonymOf: secrets.pseudonymOf,
  };
}

async function reload({ log }: Foundation, configuration: Configuration): Promise<void> {
  const result = await configuration.reload();
  log.info("configuration reloaded on request", { result: result.kind });
}

// ---- the listeners --------------------------------------------------------------------------------------------

export interface Listeners {
  readonly gateway: Listener;
  readonly admin: Listener;
  readonly mcp: Listener | undefined;
}

async function openListeners(
  { runtime }: Foundation,
  { slot, mcp, adminHandler }: Parts,
  closing: AsyncDisposableStack,
): Promise<Listeners> {
  const { server, mcp_gateway } = slot.current().config;
  const graceMs = parseDurationMs(server.graceful_shutdown);
  // A ceiling for both; each handler reads with its own limit.
  const bodyBytesMax = Math.max(server.max_body_size, mcp_gateway.max_request_bytes);
  const open = async (host: string, port: number, handler: typeof adminHandler): Promise<Listener> => {
    const listener = await runtime.listen({ host, port, handler, idleTimeoutS: IDLE_TIMEOUT_S, bodyBytesMax });
    closing.defer(() => listener.close(graceMs));
    return listener;
  };
  const gateway = await open(server.host, server.port, gatewayHandler);
  const admin = await open(server.host, server.admin_port, adminHandler);
  const mcpListener = mcp === undefined ? undefined : await open(mcp_gateway.host, mcp_gateway.port, mcp.gate.handler);
  return { gateway, admin, mcp: mcpListener };
}
