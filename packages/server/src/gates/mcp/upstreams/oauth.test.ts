/** Signing in to upstreams; the flow itself is proven by the conformance suite's auth scenarios. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRuntime } from "../../../runtime/runtime.ts";
import type { Authorize } from "./oauth.ts";
import { oauthFetch } from "./oauth-fetch.ts";
import { loopbackAuthorize } from "./oauth-loopback.ts";
import { fileSignInStore } from "./oauth-store.ts";
import { ask, openBench } from "./testing-upstreams.ts";

const runtime = await loadRuntime();
const failure = (error: unknown): unknown => error;

interface Protected extends AsyncDisposable {
  readonly url: string;
  /** Tokens that were asked for, in order. */
  readonly tokens: string[];
  readonly authorizations: URLSearchParams[];
}

/** An MCP server of the modern era with its own authorization server, which says yes to everybody. */
function protectedServer(): Protected {
  const tokens: string[] = [];
  const authorizations: URLSearchParams[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { origin, pathname, searchParams } = new URL(request.url);
      if (pathname === "/.well-known/oauth-protected-resource/mcp")
        return Response.json({ resource: `${origin}/mcp`, authorization_servers: [origin] });
      if (pathname === "/.well-known/oauth-authorization-server") return Response.json(metadata(origin));
      if (pathname === "/register") return Response.json({ client_id: "c1", redirect_uris: [] }, { status: 201 });
      if (pathname === "/authorize") {
        authorizations.push(searchParams);
        const back = new URL(searchParams.get("redirect_uri") ?? "");
        back.search = new URLSearchParams({
          code: "k",
          state: searchParams.get("state") ?? "",
          iss: origin,
        }).toString();
        return Response.redirect(back.href, 302);
      }
      if (pathname === "/token") {
        tokens.push(`token-${tokens.length + 1}`);
        const form = new URLSearchParams(await request.text());
        return Response.json({ access_token: tokens.at(-1), token_type: "Bearer", scope: form.get("scope") ?? "read" });
      }
      if (request.headers.get("authorization") !== `Bearer ${tokens.at(-1)}`) {
        return new Response("no", { status: 401, headers: { "www-authenticate": 'Bearer scope="read"' } });
      }
      const { id } = JSON.parse(await request.text());
      const result = { supportedVersions: ["2026-07-28"], capabilities: {}, resultType: "complete" };
      return Response.json({ jsonrpc: "2.0", id, result });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    tokens,
    authorizations,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
  };
}

/** Follows the redirect, as a person's browser would. */
const follow: Authorize = async ({ url, signal }) => {
  const response = await runtime.fetch({ url: url.href, method: "GET", headers: {}, signal, redirect: "manual" });
  return new URL(response.headers.get("location") ?? "");
};
const OAUTH = { grant: "authorization_code" } as const;

describe("an upstream that wants a sign-in", () => {
  test("gets one for all calls that wait, with its scope, and the token is used from then on", async () => {
    await using server = protectedServer();
    await using bench = await openBench({ url: server.url, oauth: OAUTH }, { authorize: follow });
    await Promise.all([
      ask(bench.upstream, "tools/list"),
      ask(bench.upstream, "prompts/list"),
      ask(bench.upstream, "ping"),
    ]);
    expect(server.tokens).toEqual(["token-1"]);
    expect(server.authorizations[0]?.get("scope")).toBe("read");
    expect(server.authorizations[0]?.get("resource")).toBe(server.url);
    server.tokens.push("revoked");
    await Promise.all([ask(bench.upstream, "tools/list"), ask(bench.upstream, "prompts/list")]);
    expect(server.tokens).toEqual(["token-1", "revoked", "token-3"]);
  });

  test("is not asked again and again when nobody signs in", async () => {
    await using server = protectedServer();
    let asked = 0;
    const authorize: Authorize = async () => {
      asked++;
      throw new Error("nobody is there");
    };
    await using bench = await openBench({ url: server.url, oauth: OAUTH }, { authorize });
    for (let tries = 0; tries < 3; tries++) {
      const error = await ask(bench.upstream, "ping").catch(failure);
      expect(error).toMatchObject({
        code: "upstream-failed",
        message: "sign-in to upstream `peer` failed; check its oauth settings",
      });
    }
    expect(asked).toBe(1);
  });

  test.each([
    [
      "a state that is not ours",
      (back: URL) => back.searchParams.set("state", "forged"),
      "does not belong to this sign-in",
    ],
    ["two states", (back: URL) => back.searchParams.append("state", "second"), "does not belong to this sign-in"],
    ["a refusal", (back: URL) => back.searchParams.delete("code"), "the authorization server answered `nothing`"],
    ["another issuer", (back: URL) => back.searchParams.set("iss", "http://evil.example"), "check its oauth settings"],
  ])("that answers with %s gets no code", async (_what, tamper, message) => {
    await using server = protectedServer();
    const authorize: Authorize = async (request) => {
      const back = await follow(request);
      tamper(back);
      return back;
    };
    await using bench = await openBench({ url: server.url, oauth: OAUTH }, { authorize });
    expect(String(await ask(bench.upstream, "ping").catch(failure))).toContain(message);
    expect(server.tokens).toEqual([]);
  });

  test("without oauth in its configuration is named", async () => {
    await using server = protectedServer();
    await using bench = await openBench({ url: server.url });
    expect(String(await ask(bench.upstream, "ping").catch(failure))).toContain(
      "wants other credentials (HTTP 401); check its headers or oauth",
    );
  });
});

test("fileSignInStore() keeps a sign-in for its url only, readable by its owner only", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "sign-ins-")), "upstreams");
  await using server = protectedServer();
  const signIns = fileSignInStore(folder);
  for (let start = 0; start < 2; start++) {
    await using bench = await openBench({ url: server.url, oauth: OAUTH }, { authorize: follow, signIns });
    await ask(bench.upstream, "ping");
  }
  expect(server.tokens).toEqual(["token-1"]);
  const [file = ""] = readdirSync(folder);
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  expect((await signIns.load("peer", "https://elsewhere.example/mcp")).accessToken).toBeUndefined();
  expect((await signIns.load("peer", server.url)).accessToken).toBe("token-1");
  rmSync(folder, { recursive: true });
});

test.each([
  ["http://10.0.0.1/.well-known/x", "https://mcp.example/mcp"],
  ["http://169.254.169.254/latest", "http://127.0.0.1:1/mcp"],
  ["http://127.0.0.1:8081/admin", "https://mcp.example/mcp"],
  ["https://localhost/admin", "https://mcp.example/mcp"],
])("discovery may not lead to %s from %s", async (url, upstreamUrl) => {
  const reached: string[] = [];
  const guarded = oauthFetch(
    "u",
    upstreamUrl,
    async (request) => {
      reached.push(request.url);
      throw new Error("reached");
    },
    new AbortController().signal,
  );
  expect(String(await guarded(url).catch(failure))).toContain("leads to");
  expect(reached).toEqual([]);
});

test("loopbackAuthorize() tells the address, takes the answer once, and stops listening", async () => {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const told: string[] = [];
  const authorize = loopbackAuthorize(runtime, (upstream, message) => told.push(`${upstream} ${message}`));
  const redirectUrl = `http://127.0.0.1:${port}/oauth/callback`;
  const answer = authorize({
    upstream: "peer",
    url: new URL("https://as.example/authorize?x=1"),
    redirectUrl,
    signal: new AbortController().signal,
  });
  while (told.length === 0) await Bun.sleep(5);
  expect((await globalThis.fetch(`http://127.0.0.1:${port}/favicon.ico`)).status).toBe(404);
  expect((await globalThis.fetch(`${redirectUrl}?code=a&state=b`)).status).toBe(200);
  expect((await answer).href).toBe(`${redirectUrl}?code=a&state=b`);
  expect(told).toEqual(["peer open this address to sign in: https://as.example/authorize?x=1"]);
  expect(await globalThis.fetch(redirectUrl).catch(() => "closed")).toBe("closed");
});

test("loopbackAuthorize() gives up when the call is cancelled", async () => {
  const authorize = loopbackAuthorize(runtime, () => undefined);
  const abort = new AbortController();
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const waiting = authorize({
    upstream: "peer",
    url: new URL("https://as.example/"),
    redirectUrl: `http://127.0.0.1:${port}/cb`,
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(), 20);
  expect(await waiting.catch(failure)).toMatchObject({ code: "timeout" });
});
