import { describe, expect, test } from "bun:test";
import type { JsonObject } from "@aegisflow/core";
import { checkResult, type ResultPolicy, redactText } from "./result-policy.ts";

const SECRETS: ResultPolicy = { redact: ["secrets"], action: "redact", resultBytesMax: 1024 * 1024 };
const b62 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/** Built here, so that no scanner takes this file for a leak. */
const join = (...parts: readonly string[]): string => parts.join("");

describe("redactText()", () => {
  test.each<[string, string, ResultPolicy["redact"][number]]>([
    ["aws-access-key", join("AK", "IAIOSFODNN7EXAMPLE"), "secrets"],
    ["aws-secret-key", join("aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "secrets"],
    ["github-token", join("ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"), "secrets"],
    ["github-token", join("github_pat_", b62.slice(0, 22), "_", b62.slice(0, 59)), "secrets"],
    ["gitlab-token", join("glpat-", b62.slice(0, 20)), "secrets"],
    ["slack-token", join("xoxb-", "123456789012-123456789012-abcdef"), "secrets"],
    ["google-api-key", join("AIza", b62.slice(0, 35)), "secrets"],
    ["openai-key", join("sk-proj-", b62.slice(0, 24), "T3BlbkFJ", b62.slice(0, 24)), "secrets"],
    ["anthropic-key", join("sk-ant-", "api03-", b62.slice(0, 50)), "secrets"],
    ["stripe-key", join("sk_live_", b62.slice(0, 24)), "secrets"],
    ["npm-token", join("npm_", b62.slice(0, 36)), "secrets"],
    [
      "private-key",
      join(
        "-----BEGIN RSA PRIVATE ",
        "KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEowIBAAKCAQEA0000\nshort==\n-----END RSA PRIVATE KEY-----",
      ),
      "secrets",
    ],
    ["private-key", join("-----BEGIN OPENSSH PRIVATE ", "KEY-----\\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\\n"), "secrets"],
    ["jwt", join("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0", ".c2lnbmF0dXJl"), "secrets"],
    ["bearer-token", "Authorization: Bearer abcdefghijklmnop1234", "secrets"],
    ["url-password", "postgres://app:s3cret@db.example/x", "secrets"],
    ["email", "ada.lovelace@example.co.uk", "email"],
    ["email", "ada@example.com", "pii"],
    ["ssn", "078-05-1120", "ssn"],
    ["credit-card", "4111 1111 1111 1111", "credit_card"],
    ["credit-card", "378282246310005", "credit_card"],
    ["phone", "+44 20 7946 0958", "phone"],
    ["phone", "(415) 555-0132", "phone"],
  ])("takes out %s", (label, value, kind) => {
    const { text, redactions } = redactText(`before ${value} after`, [kind]);
    expect(text).toStartWith("before ");
    expect(text).toContain(`[redacted: ${label}]`);
    expect(text).toContain("after");
    expect(redactions).toEqual({ [label]: 1 });
  });

  test.each<[string, ResultPolicy["redact"][number]]>([
    ["commit 4111111111111112 is no card", "credit_card"],
    ["id 1234567890123456", "credit_card"],
    ["ghp_000000000000000000000000000000000000", "secrets"],
    ["000-12-3456 and 666-12-3456 and 900-12-3456", "ssn"],
    ["version 1.2.3-4567", "phone"],
    ["2026-11-23 10:11:12", "phone"],
    ["eyJhbGci.eyJub3Q.x", "secrets"],
    ["user@localhost", "email"],
    ["sk-learn and xox and AKIA", "secrets"],
    ["https://example.com/a:b@c", "secrets"],
    ["The private key is under the mat", "secrets"],
  ])("leaves %j alone", (value, kind) => {
    expect(redactText(value, [kind])).toEqual({ text: value, redactions: {} });
  });

  test("looks only for what is configured", () => {
    expect(redactText("ada@example.com", ["secrets"]).text).toBe("ada@example.com");
    expect(redactText("ada@example.com", []).text).toBe("ada@example.com");
  });

  test("takes linear time on texts made to be slow", () => {
    const size = 300_000;
    const hostile = [
      "sk-",
      "eyJ-",
      "xoxb-",
      "-----BEGIN PRIVATE KEY-----",
      "a@",
      "1 ",
      "+1 ",
      "aws_secret_key=",
      "authorization: bearer ",
      "a:/",
      "eyJaaaaaaaa.",
      "AIza-",
      "a.",
      "4",
      "(415) ",
    ];
    for (const piece of hostile) {
      const text = piece.repeat(Math.ceil(size / piece.length));
      const startedMs = performance.now();
      redactText(text, ["secrets", "pii"]);
      expect({ piece, slow: performance.now() - startedMs > 3_000 }).toEqual({ piece, slow: false });
    }
  });
});

describe("checkResult()", () => {
  const check = (policy: ResultPolicy, result: JsonObject, method: Parameters<typeof checkResult>[1] = "tools/call") =>
    checkResult(policy, method, "up", result);
  const key = join("AK", "IAIOSFODNN7EXAMPLE");

  test("cleans texts, structured content and embedded resources, and counts", () => {
    const { result, redactions } = check(SECRETS, {
      content: [
        { type: "text", text: `one ${key}` },
        { type: "resource", resource: { uri: "x", text: `two ${key}` } },
        { type: "image", data: "QUtJQUlPU0ZPRE5ON0VYQU1QTEU=", mimeType: "image/png" },
      ],
      structuredContent: { nested: [key], [key]: 1 },
      isError: true,
    });
    expect(JSON.stringify(result)).not.toContain(key);
    expect(result).toMatchObject({ content: [{}, {}, { data: "QUtJQUlPU0ZPRE5ON0VYQU1QTEU=" }], isError: true });
    expect(redactions).toEqual({ "aws-access-key": 4 });
  });

  test("keeps the upstream's own state as it is", () => {
    const state = join("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0", ".c2lnbmF0dXJl");
    const { result } = check(SECRETS, { resultType: "input_required", requestState: state, inputRequests: {} });
    expect(result["requestState"]).toBe(state);
  });

  test("withholds the whole result where the policy says so", () => {
    const policy: ResultPolicy = { ...SECRETS, action: "block" };
    expect(() => check(policy, { content: [{ type: "text", text: key }] })).toThrow(
      "was withheld: it contains aws-access-key",
    );
    expect(check(policy, { content: [] }).redactions).toEqual({});
  });

  test("refuses results over the limit", () => {
    const policy: ResultPolicy = { ...SECRETS, redact: [], resultBytesMax: 1024 };
    expect(() => check(policy, { content: [{ type: "text", text: "é".repeat(600) }] })).toThrow("more than 1024");
  });

  test.each<[Parameters<typeof checkResult>[1], JsonObject]>([
    ["tools/call", {}],
    ["tools/call", { content: "text" }],
    ["tools/call", { content: ["text"] }],
    ["tools/call", { content: [{}] }],
    ["tools/call", { resultType: "task", taskId: "x" }],
    ["tools/call", { resultType: "input_required" }],
    ["tools/call", { resultType: "input_required", inputRequests: [] }],
    ["tools/call", { resultType: "input_required", requestState: 1 }],
    ["prompts/get", { messages: [{ role: "user" }] }],
    ["prompts/get", {}],
    ["resources/read", { contents: [{ uri: "x" }] }],
    ["resources/read", {}],
    ["completion/complete", { completion: {} }],
    ["completion/complete", { resultType: "input_required", requestState: "x" }],
  ])("%s %j is malformed", (method, result) => {
    expect(() => check(SECRETS, result, method)).toThrow("malformed result");
  });

  test.each<[Parameters<typeof checkResult>[1], JsonObject]>([
    ["tools/call", { content: [] }],
    ["tools/call", { structuredContent: 7 }],
    ["tools/call", { resultType: "input_required", requestState: "x" }],
    ["prompts/get", { messages: [] }],
    ["resources/read", { contents: [{ uri: "x", blob: "" }] }],
    ["completion/complete", { completion: { values: [] } }],
  ])("%s %j is fine", (method, result) => {
    expect(check(SECRETS, result, method).result).toEqual(result);
  });
});
