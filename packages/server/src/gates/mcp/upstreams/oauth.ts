/**
 * Signing in to an upstream with OAuth 2.1, as MCP 2026-07-28 basic/authorization asks of clients: discovery, issuer
 * checks, PKCE, resource indicators, registration (by metadata document, in advance, or dynamic), refresh and
 * widening of scopes. The protocol is the official SDK's; here it is bound to our ports, run once for all calls that
 * wait, kept from loops, and loaded only when a server asks for it.
 * Tokens are bound to the upstream's url and the issuer that gave them; an agent's own token is never passed on.
 */
import { AegisError, errorText, isAegisError } from "@aegisflow/core";
import type { UpstreamOAuthConfig } from "@aegisflow/core/config/upstream-schema";
import type { OAuthClientProvider } from "@modelcontextprotocol/client";
import type { Clock } from "../../../governance/ports.ts";
import type { Challenge, Fetch, UpstreamAuth } from "./http-wire.ts";
import { oauthFetch } from "./oauth-fetch.ts";
import { createProvider, type SignInState } from "./oauth-provider.ts";
import type { SignInStore } from "./oauth-store.ts";
import type { UpstreamLog } from "./upstream-log.ts";

/** After a failed sign-in calls fail at once for this long; a person is not asked over and over. */
const COOL_DOWN_MS = 30_000;

/** Brings somebody to the page at `url` and resolves to the address they were sent back to. */
export type Authorize = (request: {
  readonly upstream: string;
  readonly url: URL;
  readonly redirectUrl: string;
  readonly signal: AbortSignal;
}) => Promise<URL>;

export interface OAuthPorts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: UpstreamLog;
  readonly authorize: Authorize;
  readonly store: SignInStore;
}

type Sdk = typeof import("@modelcontextprotocol/client");

export const noAuth: UpstreamAuth = {
  headers: async () => ({}),
  answerChallenge: async () => false,
};

export class OAuthSignIn implements UpstreamAuth {
  readonly #upstream: string;
  readonly #url: string;
  readonly #config: UpstreamOAuthConfig;
  readonly #ports: OAuthPorts;
  #state: Promise<SignInState> | undefined;
  #running: Promise<boolean> | undefined;
  #failed: { readonly error: AegisError; readonly untilMs: number } | undefined;

  constructor(upstream: string, url: string, config: UpstreamOAuthConfig, ports: OAuthPorts) {
    this.#upstream = upstream;
    this.#url = url;
    this.#config = config;
    this.#ports = ports;
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    const { accessToken } = await this.#load();
    return accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
  }

  async answerChallenge(challenge: Challenge): Promise<boolean> {
    const { authorization } = await this.headers();
    if (authorization !== undefined && authorization !== challenge.sent) return true;
    if (this.#failed !== undefined && this.#ports.clock.monotonicMs() < this.#failed.untilMs) throw this.#failed.error;
    this.#running ??= this.#signIn(challenge).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #signIn(challenge: Challenge): Promise<boolean> {
    try {
      const sdk = await import("@modelcontextprotocol/client");
      return await this.#answer(sdk, await this.#load(), challenge);
    } catch (error) {
      const failed = this.#toError(error);
      this.#failed = { error: failed, untilMs: this.#ports.clock.monotonicMs() + COOL_DOWN_MS };
      throw failed;
    }
  }

  async #answer(sdk: Sdk, state: SignInState, challenge: Challenge): Promise<boolean> {
    const headers = { "www-authenticate": challenge.wwwAuthenticate };
    const asked = sdk.extractWWWAuthenticateParams(new Response(null, { status: challenge.status, headers }));
    const widens = challenge.status === 403;
    if (widens && asked.error !== "insufficient_scope") return false;
    const scope = sdk.computeScopeUnion(
      widens ? state.grantedScope : undefined,
      this.#config.scopes?.join(" "),
      asked.scope,
    );
    // The same scopes again would be refused again.
    if (widens && !sdk.isStrictScopeSuperset(scope, state.grantedScope)) return false;
    state.discovery = undefined;
    const provider = createProvider(state, this.#config);
    const options = {
      serverUrl: this.#url,
      fetchFn: oauthFetch(this.#upstream, this.#url, this.#ports.fetch, challenge.signal),
      ...(asked.resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl: asked.resourceMetadataUrl }),
      ...(scope === undefined ? {} : { scope }),
      forceReauthorization: widens,
    };
    const outcome = await sdk.auth(provider, options);
    if (outcome === "REDIRECT")
      await sdk.auth(provider, { ...options, ...(await this.#askPerson(provider, state, challenge.signal)) });
    await this.#ports.store.save(this.#upstream, state.toStored());
    this.#ports.log("info", "signed in");
    return true;
  }

  async #askPerson(
    provider: OAuthClientProvider,
    state: SignInState,
    signal: AbortSignal,
  ): Promise<{ authorizationCode: string; iss?: string }> {
    const url = state.authorizationUrl;
    const redirectUrl = provider.redirectUrl;
    if (url === undefined || redirectUrl === undefined) throw new AegisError("internal", "sign-in without an address");
    const back = await this.#ports.authorize({
      upstream: this.#upstream,
      url,
      redirectUrl: String(redirectUrl),
      signal,
    });
    const params = back.searchParams;
    if (params.getAll("state").length !== 1 || params.get("state") !== state.nonce)
      throw this.#refused("its answer does not belong to this sign-in");
    const code = params.get("code");
    if (code === null) throw this.#refused(`the authorization server answered \`${params.get("error") ?? "nothing"}\``);
    const iss = params.get("iss");
    return { authorizationCode: code, ...(iss === null ? {} : { iss }) };
  }

  #load(): Promise<SignInState> {
    this.#state ??= this.#ports.store.load(this.#upstream, this.#url);
    return this.#state;
  }

  #refused(why: string): AegisError {
    return new AegisError("upstream-failed", `sign-in to upstream \`${this.#upstream}\` failed: ${why}`);
  }

  #toError(error: unknown): AegisError {
    if (isAegisError(error)) return error;
    const message = `sign-in to upstream \`${this.#upstream}\` failed; check its oauth settings`;
    return new AegisError("upstream-failed", message, { detail: errorText(error), cause: error });
  }
}
