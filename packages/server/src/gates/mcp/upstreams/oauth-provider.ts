/**
 * What the SDK's OAuth flow reads and writes during one sign-in. Credentials are kept by issuer: what one
 * authorization server gave is never shown to another (RFC 6749 2.2, SEP-2352).
 */
import { randomBytes } from "node:crypto";
import { AegisError } from "@aegisflow/core";
import type { UpstreamOAuthConfig } from "@aegisflow/core/config/upstream-schema";
import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import type { StoredSignIn } from "./oauth-store.ts";

/** Registered with servers, so it stays the same from start to start. */
const REDIRECT_URL_DEFAULT = "http://127.0.0.1:8083/oauth/callback";
/** When the flow does not know an issuer, which only servers without metadata cause. */
const NO_ISSUER = "";

export class SignInState {
  readonly #url: string;
  readonly clients: Map<string, StoredOAuthClientInformation>;
  readonly tokens: Map<string, StoredOAuthTokens>;
  currentIssuer: string | undefined;
  /** Of the sign-in under way. */
  authorizationUrl: URL | undefined;
  nonce: string | undefined;
  verifier: string | undefined;
  discovery: OAuthDiscoveryState | undefined;
  #requestedScope: string | undefined;

  constructor(url: string, stored?: StoredSignIn) {
    this.#url = url;
    this.clients = new Map(Object.entries(stored?.clients ?? {}));
    this.tokens = new Map(Object.entries(stored?.tokens ?? {}));
    this.currentIssuer = stored?.currentIssuer;
  }

  get accessToken(): string | undefined {
    return this.current()?.access_token;
  }

  /** A server need not repeat the scope that was asked for (RFC 6749 3.3). */
  get grantedScope(): string | undefined {
    return this.current()?.scope ?? this.#requestedScope;
  }

  current(): StoredOAuthTokens | undefined {
    return this.currentIssuer === undefined ? undefined : this.tokens.get(this.currentIssuer);
  }

  redirectTo(url: URL): void {
    this.authorizationUrl = url;
    this.#requestedScope = url.searchParams.get("scope") ?? undefined;
  }

  toStored(): StoredSignIn {
    return {
      url: this.#url,
      clients: Object.fromEntries(this.clients),
      tokens: Object.fromEntries(this.tokens),
      ...(this.currentIssuer === undefined ? {} : { currentIssuer: this.currentIssuer }),
    };
  }
}

export function createProvider(state: SignInState, config: UpstreamOAuthConfig): OAuthClientProvider {
  const redirectUrl = config.grant === "client_credentials" ? undefined : (config.redirect_url ?? REDIRECT_URL_DEFAULT);
  return {
    redirectUrl,
    clientMetadata: clientMetadata(redirectUrl, config),
    ...(config.client_metadata_url === undefined ? {} : { clientMetadataUrl: config.client_metadata_url }),
    ...(config.grant === "client_credentials" ? { prepareTokenRequest: clientCredentials } : {}),
    ...clientStorage(state, config),
    ...tokenStorage(state),
    ...flowStorage(state),
    invalidateCredentials: (scope) => invalidate(state, scope),
  };
}

function clientMetadata(redirectUrl: string | undefined, config: UpstreamOAuthConfig): OAuthClientMetadata {
  return {
    client_name: "AegisFlow",
    redirect_uris: redirectUrl === undefined ? [] : [redirectUrl],
    grant_types:
      config.grant === "client_credentials" ? ["client_credentials"] : ["authorization_code", "refresh_token"],
    ...(redirectUrl === undefined ? {} : { response_types: ["code"] }),
    ...(config.scopes === undefined ? {} : { scope: config.scopes.join(" ") }),
  };
}

function clientCredentials(scope?: string): URLSearchParams {
  return new URLSearchParams({ grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }) });
}

type Storage = Pick<OAuthClientProvider, "clientInformation" | "saveClientInformation">;

/** A client that was registered in advance is never registered again. */
function clientStorage(state: SignInState, { client_id, client_secret, issuer }: UpstreamOAuthConfig): Storage {
  if (client_id !== undefined) {
    const known: StoredOAuthClientInformation = {
      client_id,
      ...(client_secret === undefined ? {} : { client_secret }),
      ...(issuer === undefined ? {} : { issuer }),
    };
    return { clientInformation: () => known };
  }
  return {
    clientInformation: (ctx) => state.clients.get(ctx?.issuer ?? NO_ISSUER),
    saveClientInformation: (information, ctx) => void state.clients.set(ctx?.issuer ?? NO_ISSUER, information),
  };
}

function tokenStorage(state: SignInState): Pick<OAuthClientProvider, "tokens" | "saveTokens"> {
  return {
    tokens: (ctx) => (ctx === undefined ? state.current() : state.tokens.get(ctx.issuer)),
    saveTokens: (tokens, ctx) => {
      state.currentIssuer = ctx?.issuer ?? NO_ISSUER;
      state.tokens.set(state.currentIssuer, tokens);
    },
  };
}

type Flow = Pick<
  OAuthClientProvider,
  "state" | "redirectToAuthorization" | "saveCodeVerifier" | "codeVerifier" | "saveDiscoveryState" | "discoveryState"
>;

function flowStorage(state: SignInState): Flow {
  return {
    state: () => {
      state.nonce = randomBytes(32).toString("base64url");
      return state.nonce;
    },
    redirectToAuthorization: (url) => state.redirectTo(url),
    saveCodeVerifier: (verifier) => {
      state.verifier = verifier;
    },
    codeVerifier: () => {
      if (state.verifier === undefined) throw new AegisError("internal", "sign-in without a code verifier");
      return state.verifier;
    },
    // The code goes to the server that was found before the redirect, not to one that took its place meanwhile.
    saveDiscoveryState: (discovery) => {
      state.discovery = discovery;
    },
    discoveryState: () => state.discovery,
  };
}

function invalidate(state: SignInState, scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
  if (scope === "all" || scope === "client") state.clients.clear();
  if (scope === "all" || scope === "tokens") state.tokens.clear();
  if (scope === "all" || scope === "verifier") state.verifier = undefined;
  if (scope === "all" || scope === "discovery") state.discovery = undefined;
}
