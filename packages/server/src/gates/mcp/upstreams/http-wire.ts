/**
 * HTTP exchanges with one upstream, whatever they carry: headers in their order of precedence, sign-in when the server
 * asks for it, redirects only within the origin, network failures as clear errors.
 * Precedence: configuration < sign-in < lease < protocol; a lease cannot forge a protocol header.
 */
import { AegisError, errorText, isAegisError } from "@aegisflow/core";
import type { FetchResponse, Runtime } from "../../../runtime/runtime.ts";
import { discard } from "./event-stream.ts";

/** A canonical host and a trailing slash; more is a loop. */
const REDIRECTS_MAX = 3;
/** One sign-in and one widening of scopes per exchange; a server that still refuses will not change its mind. */
const CHALLENGES_MAX = 2;

export interface WireRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  /** Of the protocol. */
  readonly headers: Readonly<Record<string, string>>;
  readonly leaseHeaders?: Readonly<Record<string, string>> | undefined;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** How the gateway signs in to an upstream. */
export interface UpstreamAuth {
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Resolves to true when the exchange may be tried again with new headers. */
  answerChallenge(challenge: Challenge): Promise<boolean>;
}

export interface Challenge {
  readonly status: 401 | 403;
  readonly wwwAuthenticate: string;
  /** The Authorization header that was refused; another exchange may have replaced it meanwhile. */
  readonly sent: string | undefined;
  readonly signal: AbortSignal;
}

export interface WireConfig {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: UpstreamAuth;
}

export type Fetch = Runtime["fetch"];

export class HttpWire {
  readonly #config: WireConfig;
  readonly #fetch: Fetch;

  constructor(config: WireConfig, fetch: Fetch) {
    this.#config = config;
    this.#fetch = fetch;
  }

  /** @throws AegisError `upstream-failed` or `cancelled`. Any status but a challenge is the caller's to judge. */
  async send(request: WireRequest): Promise<FetchResponse> {
    for (let challenges = 0; ; challenges++) {
      const signIn = await this.#config.auth.headers();
      const headers = lowerCased(
        this.#config.headers,
        signIn,
        withoutProtocol(request.leaseHeaders ?? {}),
        request.headers,
      );
      const response = await this.#sendOnce(request, headers);
      const { status } = response;
      if ((status !== 401 && status !== 403) || challenges >= CHALLENGES_MAX) return response;
      const wwwAuthenticate = response.headers.get("www-authenticate") ?? "";
      const challenge = { status, wwwAuthenticate, sent: headers["authorization"], signal: request.signal } as const;
      if (!(await this.#config.auth.answerChallenge(challenge))) return response;
      await discard(response.body);
    }
  }

  async #sendOnce(request: WireRequest, headers: Readonly<Record<string, string>>): Promise<FetchResponse> {
    let url = request.url;
    for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
      const response = await this.#fetchOnce({ ...request, url }, headers);
      const location = response.headers.get("location");
      if (response.status < 301 || response.status > 308 || location === undefined) return response;
      await discard(response.body);
      url = this.#redirectTarget(request.method, response.status, url, location);
    }
    throw new AegisError(
      "upstream-failed",
      `upstream \`${this.#config.name}\` redirects more than ${REDIRECTS_MAX} times`,
    );
  }

  async #fetchOnce(request: WireRequest, headers: Readonly<Record<string, string>>): Promise<FetchResponse> {
    const { method, url, signal, body } = request;
    try {
      return await this.#fetch({
        method,
        url,
        signal,
        headers,
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      throw unreachable(this.#config.name, error);
    }
  }

  #redirectTarget(method: string, status: number, from: string, location: string): string {
    const { name } = this.#config;
    const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
    if (target === undefined || target.origin !== new URL(from).origin) {
      throw new AegisError(
        "upstream-failed",
        `upstream \`${name}\` redirects to another origin; configure its final url`,
      );
    }
    // 301-303 turn a POST into a GET in most clients: the request would be lost.
    if (method !== "GET" && status !== 307 && status !== 308) {
      throw new AegisError(
        "upstream-failed",
        `upstream \`${name}\` redirects requests (HTTP ${status}); configure its final url`,
      );
    }
    return target.href;
  }
}

function lowerCased(...sources: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const source of sources) for (const [key, value] of Object.entries(source)) headers[key.toLowerCase()] = value;
  return headers;
}

function withoutProtocol(headers: Readonly<Record<string, string>>): Record<string, string> {
  const isProtocol = (key: string): boolean =>
    /^(?:mcp-|host$|content-|transfer-encoding$|connection$|accept$)/i.test(key);
  return Object.fromEntries(Object.entries(headers).filter(([key]) => !isProtocol(key)));
}

/** `retryable` says that the request certainly did not arrive. */
function unreachable(name: string, error: unknown): AegisError {
  if (isAegisError(error) && error.code === "cancelled") return error;
  const detail = `${errorText(error)} ${isAegisError(error) ? (error.detail ?? "") : ""}`;
  const notDelivered = /refused|unable to connect|not\s?found|enotfound|eai_again|failedtoopensocket/i.test(detail);
  const what = notDelivered
    ? "cannot be reached; check that it is running"
    : "broke the connection before it answered; whether the request took effect is unknown";
  const message = `upstream \`${name}\` ${what}`;
  return new AegisError("upstream-failed", message, { detail, retryable: notDelivered, cause: error });
}
