/** What both eras of Streamable HTTP and the legacy HTTP+SSE transport are given. */
import type { Clock } from "../../../governance/ports.ts";
import type { UpstreamProtocol } from "./handshake.ts";
import type { HttpWire } from "./http-wire.ts";
import type { UpstreamLog } from "./upstream-log.ts";

export interface HttpConfig {
  readonly name: string;
  readonly url: string;
  readonly protocol: UpstreamProtocol;
  /** For the handshake; calls bring their own. */
  readonly timeoutMs: number;
}

export interface HttpPorts {
  readonly wire: HttpWire;
  readonly clock: Clock;
  readonly log: UpstreamLog;
}
