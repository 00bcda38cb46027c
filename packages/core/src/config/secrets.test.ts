import { describe, expect, test } from "bun:test";
import { parseConfig } from "./parse-config.ts";
import { redactConfig, withSecretDigests } from "./secrets.ts";

const TEXT = `
data_dir: "\${HOME_DIR}/x"
tenants:
  - id: a
    api_keys: [plain-canary-1, {key: object-canary-2, role: viewer}, {key_env: KEY}]
mcp_gateway:
  upstreams:
    - name: web
      url: https://mcp.example/x?token=query-canary-4
      headers: {Authorization: "Bearer \${KEY}", X-Extra: header-canary-5}
    - name: local
      command: server
      args: [--root, /srv, --token, arg-canary-6, "--api-key=arg-canary-7"]
      env: {TOKEN: env-canary-8}
`;

const parsed = parseConfig(TEXT, "a.yaml", { KEY: "variable-canary-3", HOME_DIR: "/home/canary-9" });
if (parsed.kind === "errors") throw new Error(JSON.stringify(parsed.errors));

describe("redactConfig()", () => {
  const shown = JSON.stringify(redactConfig(parsed.config, parsed.unexpanded));

  test("shows no secret, wherever it stood", () => {
    expect(shown).not.toContain("canary");
  });

  test("shows variables as they were written, and everything else", () => {
    expect(shown).toContain('"Authorization":"Bearer ${KEY}"');
    expect(shown).toContain('"data_dir":"${HOME_DIR}/x"');
    expect(shown).toContain('["--root","/srv","--token","[redacted]","--api-key=[redacted]"]');
    expect(shown).toContain('"url":"https://mcp.example/x?[redacted]"');
    expect(shown).toContain('{"role":"operator","key":"${KEY}"}');
  });
});

describe("withSecretDigests()", () => {
  test("gives every secret to the digest, and nothing else", () => {
    const given: string[] = [];
    const copy = withSecretDigests(parsed.config, (secret) => {
      given.push(secret);
      return "digest";
    });
    expect(given.toSorted()).toEqual([
      "Bearer variable-canary-3",
      "env-canary-8",
      "header-canary-5",
      "object-canary-2",
      "plain-canary-1",
      "variable-canary-3",
    ]);
    expect(JSON.stringify(copy)).not.toContain("object-canary");
  });
});
