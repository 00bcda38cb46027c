import { beforeEach, describe, expect, test } from "bun:test";
import type { OutboundResponse } from "../../runtime/runtime.ts";
import { inbound, openAdminFixture, secretOf, textOf } from "../admin-fixture.ts";
import { escapeHtml, html } from "./html.ts";
import { hasHidden, visible } from "./visible.ts";
import { SESSION_MS } from "./web-session.ts";
import { XSS_CORPUS } from "./xss.corpus.ts";

let fixture: Awaited<ReturnType<typeof openAdminFixture>>;
beforeEach(async () => {
  fixture = await openAdminFixture();
});

const FORM = "application/x-www-form-urlencoded";

function post(path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
  const bytes = new TextEncoder().encode(new URLSearchParams(fields).toString());
  return fixture.handler(inbound("POST", path, { bytes, headers: { "content-type": FORM, ...headers } }));
}

const get = (path: string, cookie?: string): Promise<OutboundResponse> =>
  fixture.handler(inbound("GET", path, cookie === undefined ? {} : { headers: { cookie } }));

async function signIn(key: string): Promise<string> {
  const response = await post("/approvals/sign-in", { key: secretOf(key), to: "/approvals" });
  expect(response.status).toBe(303);
  return (response.headers["set-cookie"] ?? "").split(";")[0] ?? "";
}

const csrfIn = (text: string): string => /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";

interface Trial {
  readonly tool?: string;
  readonly target?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

async function askForReview(key = "operator", trial: Trial = {}): Promise<string> {
  const body = { protocol: "mcp", tool: "github.create_issue", target: "o/r", params: { title: "hi" }, ...trial };
  const response = await fixture.handler(inbound("POST", "/admin/v1/test-action", { key, body }));
  const { approval_id } = JSON.parse(textOf(response));
  return approval_id;
}

describe("signing in", () => {
  test("nothing is shown without a session, and the form leads back", async () => {
    const id = await askForReview();
    for (const path of ["/approvals", `/approvals/${id}`]) {
      const response = await get(path);
      expect(response.status).toBe(401);
      expect(textOf(response)).toContain(`name="to" value="${path}"`);
      expect(textOf(response)).not.toContain("github.create_issue");
    }
  });

  test("the cookie is short, strict, and out of reach of scripts", async () => {
    const response = await post("/approvals/sign-in", { key: secretOf("admin"), to: "/approvals/abc-1" });
    expect(response).toMatchObject({ status: 303, headers: { location: "/approvals/abc-1" } });
    expect(response.headers["set-cookie"]).toMatch(
      /^aegisflow_session=[\w-]{43}; Path=\/approvals; HttpOnly; SameSite=Strict; Max-Age=1800$/,
    );
    expect(SESSION_MS).toBe(1_800_000);
  });

  test.each([
    "https://evil.example/",
    "//evil.example",
    "/approvals/../admin",
    "/approvals/a/b",
    "javascript:alert(1)",
    "",
  ])("it never leads to %s", async (to) => {
    expect((await post("/approvals/sign-in", { key: secretOf("admin"), to })).headers["location"]).toBe("/approvals");
  });

  test("a wrong key is 401, an agent's key 403, a foreign page 403, another encoding 400", async () => {
    expect((await post("/approvals/sign-in", { key: "wrong" })).status).toBe(401);
    expect((await post("/approvals/sign-in", { key: secretOf("agent") })).status).toBe(403);
    expect(
      (await post("/approvals/sign-in", { key: secretOf("admin") }, { origin: "https://evil.example" })).status,
    ).toBe(403);
    expect(
      (await post("/approvals/sign-in", { key: secretOf("admin") }, { "content-type": "text/plain" })).status,
    ).toBe(400);
  });

  test("signing out ends the session on the server", async () => {
    const cookie = await signIn("admin");
    const csrf = csrfIn(textOf(await get("/approvals", cookie)));
    expect((await post("/approvals/sign-out", { csrf: "wrong" }, { cookie })).status).toBe(403);
    expect((await post("/approvals/sign-out", { csrf }, { cookie })).status).toBe(303);
    expect((await get("/approvals", cookie)).status).toBe(401);
  });

  test("a session ends with its key", async () => {
    const made = await fixture.handler(
      inbound("POST", "/admin/v1/keys", { key: "admin", body: { name: "p", role: "operator" } }),
    );
    const { key, secret } = JSON.parse(textOf(made));
    const response = await post("/approvals/sign-in", { key: secret });
    const cookie = (response.headers["set-cookie"] ?? "").split(";")[0];
    expect((await get("/approvals", cookie)).status).toBe(200);
    await fixture.handler(inbound("POST", `/admin/v1/keys/${key.id}/revoke`, { key: "admin" }));
    expect((await get("/approvals", cookie)).status).toBe(401);
  });
});

describe("deciding", () => {
  test("a reviewer reads the exact arguments and approves", async () => {
    const id = await askForReview("operator", { params: { title: "hi", body: "line 1\nline 2", n: 1.5 } });
    const cookie = await signIn("admin");
    expect(textOf(await get("/approvals", cookie))).toContain(`href="/approvals/${id}"`);
    const shown = textOf(await get(`/approvals/${id}`, cookie));
    for (const text of ["github.create_issue", "&quot;n&quot;: 1.5", "line 1\nline 2", "config/2", "high risk"]) {
      expect(shown).toContain(text);
    }
    const decided = await post(
      `/approvals/${id}/approve`,
      { csrf: csrfIn(shown), comment: "looks <b>fine</b>" },
      { cookie },
    );
    expect(decided).toMatchObject({ status: 303, headers: { location: `/approvals/${id}` } });
    const result = textOf(await get(`/approvals/${id}`, cookie));
    expect(result).toContain("looks &lt;b&gt;fine&lt;/b&gt;");
    expect(result).toContain("may run once");
    expect(result).not.toContain("formaction");
    expect(fixture.ports.approvals.get(id, { id: "x", name: "x", role: "viewer", tenant: "default" })).toMatchObject({
      status: "approved",
      reviewer: "admin",
    });
  });

  test("without the session's token nothing is decided", async () => {
    const id = await askForReview();
    const cookie = await signIn("admin");
    const other = csrfIn(textOf(await get(`/approvals/${id}`, await signIn("admin"))));
    for (const csrf of ["", "wrong", other]) {
      expect((await post(`/approvals/${id}/approve`, { csrf }, { cookie })).status).toBe(403);
    }
    const csrf = csrfIn(textOf(await get(`/approvals/${id}`, cookie)));
    expect((await post(`/approvals/${id}/approve`, { csrf })).status).toBe(401);
    expect((await post(`/approvals/${id}/approve`, { csrf }, { cookie, origin: "https://evil.example" })).status).toBe(
      403,
    );
    expect((await get(`/approvals/${id}`, cookie)).status).toBe(200);
  });

  test("who asked gets no buttons, and is refused when they post anyway", async () => {
    const id = await askForReview("operator");
    const cookie = await signIn("operator");
    const shown = textOf(await get(`/approvals/${id}`, cookie));
    expect(shown).toContain("Another person must decide");
    expect(shown).not.toContain("formaction");
    const csrf = csrfIn(shown);
    const refused = await post(`/approvals/${id}/approve`, { csrf }, { cookie });
    expect(refused.status).toBe(403);
    expect(textOf(refused)).toContain("separation of duties");
  });

  test("a viewer may look; another tenant may not; a second vote is told so", async () => {
    const id = await askForReview("operator");
    expect(textOf(await get(`/approvals/${id}`, await signIn("viewer")))).toContain("needs the operator role");
    expect((await get(`/approvals/${id}`, await signIn("acme-admin"))).status).toBe(404);
    const cookie = await signIn("admin");
    const csrf = csrfIn(textOf(await get(`/approvals/${id}`, cookie)));
    expect((await post(`/approvals/${id}/deny`, { csrf }, { cookie })).status).toBe(303);
    const second = await post(`/approvals/${id}/approve`, { csrf }, { cookie });
    expect(second.status).toBe(409);
    expect(textOf(second)).toContain("settled already");
  });
});

describe("what an agent writes stays text", () => {
  test("pages run nothing, load nothing and cannot be framed", async () => {
    const { headers } = await get("/approvals", await signIn("admin"));
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
  });

  test("the style on the page is the one the policy allows", async () => {
    const response = await get("/approvals", await signIn("admin"));
    const style = /<style>([\s\S]*)<\/style>/.exec(textOf(response))?.[1] ?? "";
    const digest = new Bun.CryptoHasher("sha256").update(style).digest("base64");
    expect(response.headers["content-security-policy"]).toContain(`'sha256-${digest}'`);
  });

  /** Every tag with its attributes; the same for two texts only when neither became markup. */
  const tagsOf = (text: string): readonly string[] =>
    [...text.matchAll(/<[^>]*>/g)]
      .map(([tag]) => tag)
      .filter(
        (tag) => !/^<\/?mark/.test(tag) && !/^<(input|a|form|button|time|p class="note)/.test(tag) && tag !== "</p>",
      );

  test.each(XSS_CORPUS.map((payload): [string] => [payload]))("%j", async (payload) => {
    const cookie = await signIn("admin");
    const pageOf = async (text: string): Promise<string> => {
      const id = await askForReview("operator", {
        tool: "github.create_x",
        target: text,
        params: { [text]: `${text}\n${text}` },
      });
      return textOf(await get(`/approvals/${id}`, cookie));
    };
    const [benign, hostile] = [await pageOf("plain"), await pageOf(payload)];
    expect(tagsOf(hostile)).toEqual(tagsOf(benign));
    const attributes = [...hostile.matchAll(/<[^>]*>/g)].map(([tag]) => tag).join("");
    expect(attributes).not.toMatch(/\bon\w+\s*=|javascript:|srcdoc|<script|<img|<svg|<iframe/i);
    expect(textOf(await get("/approvals", cookie))).not.toMatch(/<(script|img|svg|iframe)/i);
  });

  test.each([
    ["rm \u202Egpj.exe", "U+202E"],
    ["pay\u200Bpal", "U+200B"],
    ["a\u00A0b", "U+00A0"],
    ["a\u3164b", "U+3164"],
    ["\u{E0041}\u{E0042}", "U+E0041"],
    ["a\u2028b", "U+2028"],
    ["x\uFE0Fy", "U+FE0F"],
    ["bell\u0007", "U+0007"],
    ["a\r\nb", "U+000D"],
    ["a\u2800b", "U+2800"],
    ["\u{F0000}", "U+F0000"],
  ])("hidden characters of %j are marked", (text, mark) => {
    expect(visible(text).html).toContain(`>${mark}</mark>`);
    expect(hasHidden(visible(text).html)).toBe(false);
  });

  test("a text cannot imitate a mark, and plain text stays as it is", () => {
    expect(visible("<mark>U+202E</mark>").html).toBe("&lt;mark&gt;U+202E&lt;/mark&gt;");
    expect(visible("héllo wörld 日本").html).toBe("héllo wörld 日本");
    expect(visible("a\n\tb", { keepLines: true }).html).toBe("a\n\tb");
  });

  test("templates escape every value but templates", () => {
    expect(html`<a title="${'"><b>'}">${["<", html`<i>${"&"}</i>`, undefined, 3]}</a>`.html).toBe(
      '<a title="&quot;&gt;&lt;b&gt;">&lt;<i>&amp;</i>3</a>',
    );
    expect(escapeHtml("\uD800")).toBe("\uFFFD");
  });
});
