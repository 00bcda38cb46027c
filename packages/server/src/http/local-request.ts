/**
 * Keeps web pages away from local ports. A page can send requests to 127.0.0.1, and by DNS rebinding even read
 * the answers: so Host must be a name of ours, and an Origin, when there is one, must be ours or listed.
 * Requests of programs carry no Origin and pass. Used by the admin API and the MCP gate.
 */
import { AegisError } from "@aegisflow/core/errors";

export interface LocalRequestOptions {
  /** The address the port is bound to. */
  readonly bindHost: string;
  /** Names under which the server is reached beside loopback: `aegis.example`, `aegis.example:8081`. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call: `https://console.example`. */
  readonly allowedOrigins: readonly string[];
}

export interface LocalRequestCheck {
  /** @throws AegisError `forbidden` when the request may come from a foreign page. */
  assertLocal(headers: ReadonlyMap<string, string>): void;
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function createLocalRequestCheck(options: LocalRequestOptions): LocalRequestCheck {
  const { bindHost } = options;
  const names = new Set([...LOOPBACK_NAMES, ...options.allowedHosts.map((host) => host.toLowerCase())]);
  if (!isWildcard(bindHost)) names.add(bracketed(bindHost.toLowerCase()));
  const origins = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, "")));
  // Bound to every address without a list of names, we cannot know all of them; keys still protect the port.
  const anyHost = isWildcard(bindHost) && options.allowedHosts.length === 0;
  const isKnown = (host: string): boolean => names.has(host) || names.has(withoutPort(host));
  return {
    assertLocal(headers) {
      const host = headers.get("host")?.toLowerCase();
      if (bindHost.startsWith("unix:")) return;
      if (host === undefined || !(anyHost || isKnown(host))) {
        throw new AegisError(
          "forbidden",
          `host \`${host ?? ""}\` is not a name of this server; add it to the allowed hosts`,
        );
      }
      const origin = headers.get("origin")?.toLowerCase();
      if (origin === undefined || origins.has(origin)) return;
      if (!isSameHost(origin, host)) {
        throw new AegisError(
          "forbidden",
          `origin \`${origin}\` may not call this server; add it to the allowed origins`,
        );
      }
    },
  };
}

/** A page of this very host and port; any scheme, because a proxy may end TLS before us. */
function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(`${new URL(origin).protocol}//${host}`).host;
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "[::]" || host === "*";
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}
