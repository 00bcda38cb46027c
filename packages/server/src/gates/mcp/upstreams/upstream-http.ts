/**
 * An upstream reached by Streamable HTTP, of either era. Unless configuration says which, the modern era is tried
 * first; a server that does not know it is met with `initialize` (MCP 2026-07-28 basic/transports).
 */
import { AegisError } from "@aegisflow/core";
import type { ServerFacts } from "./eras.ts";
import { type Handshake, probeModernFirst } from "./handshake.ts";
import { HttpRefusalError } from "./http-answers.ts";
import type { HttpConfig, HttpPorts } from "./http-config.ts";
import { LegacyHttp } from "./legacy-http.ts";
import { ModernHttp } from "./modern-http.ts";
import type { OpenSession, SessionHooks, UpstreamSession } from "./session.ts";

export function httpOpener(config: HttpConfig, ports: HttpPorts): OpenSession {
  return (hooks) => openHttpSession(config, ports, hooks);
}

async function openHttpSession(config: HttpConfig, ports: HttpPorts, hooks: SessionHooks): Promise<UpstreamSession> {
  const modern = new ModernHttp(config, ports, hooks);
  const legacy = new LegacyHttp(config, ports, hooks);
  const handshake: Handshake = {
    request: (request, era) => (era === "modern" ? modern : legacy).request({ ...request, signal: hooks.signal }),
    notify: (method) => legacy.notify(method, {}),
  };
  let facts: ServerFacts;
  try {
    facts = await probeModernFirst(handshake, config);
  } catch (error) {
    await legacy.close();
    throw hintAtOldTransport(config.name, error);
  }
  return facts.era === "modern" ? modern.toSession(facts) : legacy.toSession(facts);
}

function hintAtOldTransport(name: string, error: unknown): unknown {
  const cause = error instanceof AegisError && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof HttpRefusalError) || (cause.status !== 404 && cause.status !== 405)) return error;
  const message = `${cause.message}; check its url, or set \`transport: sse\` for an old HTTP+SSE server`;
  return new HttpRefusalError(message, cause.status, { cause: error, detail: `upstream ${name}` });
}
