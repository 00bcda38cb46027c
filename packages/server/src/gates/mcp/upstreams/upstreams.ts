/**
 * The MCP servers behind the gateway: one supervised `Upstream` per configured server. On a new configuration only
 * what changed is touched; an upstream whose connection stays the same keeps its process, session and calls.
 * Tool globs, prefixes and call time limits are the gate's, not the connection's.
 */
import { AegisError } from "@aegisflow/core";
import type { UpstreamConfig } from "@aegisflow/core/config/upstream-schema";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import type { Clock, Random } from "../../../governance/ports.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import type { Upstream } from "../upstream.ts";
import type { HttpConfig, HttpPorts } from "./http-config.ts";
import { HttpWire, type UpstreamAuth } from "./http-wire.ts";
import { type Authorize, noAuth, OAuthSignIn } from "./oauth.ts";
import type { SignInStore } from "./oauth-store.ts";
import type { OpenSession } from "./session.ts";
import { SupervisedUpstream } from "./supervisor.ts";
import { httpOpener } from "./upstream-http.ts";
import type { UpstreamLog, UpstreamLogLevel } from "./upstream-log.ts";
import { sseOpener } from "./upstream-sse.ts";
import { stdioOpener } from "./upstream-stdio.ts";

/** Handshake of a server that is just being installed by its launcher (`npx -y …`). */
const HANDSHAKE_MS = 60_000;

export interface UpstreamLogEntry {
  readonly level: UpstreamLogLevel;
  readonly upstream: string;
  readonly message: string;
}

export interface UpstreamsOptions {
  readonly runtime: Pick<Runtime, "fetch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly onLog: (entry: UpstreamLogEntry) => void;
  /** Who signs in, where an upstream wants a person to. */
  readonly authorize: Authorize;
  readonly signIns: SignInStore;
}

export interface Upstreams {
  /** In the order of the configuration. */
  list(): readonly Upstream[];
  /** Resolves when what was replaced or removed is closed; the new list holds at once. */
  reconcile(configs: readonly UpstreamConfig[]): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly connection: string;
  readonly upstream: Upstream;
}

export function openUpstreams(configs: readonly UpstreamConfig[], options: UpstreamsOptions): Upstreams {
  let entries: ReadonlyMap<string, Entry> = new Map();
  /** Returns what is not wanted any more. */
  const replace = (wanted: readonly UpstreamConfig[]): readonly Upstream[] => {
    const before = entries;
    entries = new Map(wanted.map((config) => [config.name, keepOrOpen(config, before.get(config.name), options)]));
    const kept = new Set([...entries.values()].map(({ upstream }) => upstream));
    return [...before.values()].map(({ upstream }) => upstream).filter((upstream) => !kept.has(upstream));
  };
  const reconcile = async (wanted: readonly UpstreamConfig[]): Promise<void> => {
    await Promise.all(replace(wanted).map((upstream) => upstream.close()));
  };
  replace(configs);
  return {
    list: () => [...entries.values()].map(({ upstream }) => upstream),
    reconcile,
    close: () => reconcile([]),
  };
}

function keepOrOpen(config: UpstreamConfig, before: Entry | undefined, options: UpstreamsOptions): Entry {
  const connection = connectionOf(config);
  if (before?.connection === connection) return before;
  const { clock, random } = options;
  const { name } = config;
  const log: UpstreamLog = (level, message) => options.onLog({ level, upstream: name, message });
  return {
    connection,
    upstream: new SupervisedUpstream({ name, clock, random, log, open: openerFor(config, options, log) }),
  };
}

/** What makes a connection another one. */
function connectionOf({ tools: _tools, prefix: _prefix, timeout: _timeout, ...connection }: UpstreamConfig): string {
  const present = Object.entries(connection).filter(([, value]) => value !== undefined);
  return canonicalJson(JSON.parse(JSON.stringify(Object.fromEntries(present))));
}

function openerFor(config: UpstreamConfig, options: UpstreamsOptions, log: UpstreamLog): OpenSession {
  const { name, protocol, command, url, cwd } = config;
  const { clock } = options;
  if (command !== undefined) {
    const { args, env } = config;
    const process = {
      name,
      command,
      args,
      env,
      protocol,
      timeoutMs: HANDSHAKE_MS,
      ...(cwd === undefined ? {} : { cwd }),
    };
    return stdioOpener(process, { clock, log });
  }
  if (url === undefined) throw new AegisError("config-invalid", `upstream \`${name}\` has neither url nor command`);
  const http: HttpConfig = { name, url, protocol, timeoutMs: HANDSHAKE_MS };
  const auth = authFor(config, url, options, log);
  const ports: HttpPorts = {
    clock,
    log,
    wire: new HttpWire({ name, headers: config.headers, auth }, options.runtime.fetch),
  };
  return config.transport === "sse" ? sseOpener(http, ports) : httpOpener(http, ports);
}

function authFor(
  { name, oauth }: UpstreamConfig,
  url: string,
  options: UpstreamsOptions,
  log: UpstreamLog,
): UpstreamAuth {
  if (oauth === undefined) return noAuth;
  const { runtime, clock, authorize, signIns } = options;
  return new OAuthSignIn(name, url, oauth, { fetch: runtime.fetch, clock, log, authorize, store: signIns });
}
