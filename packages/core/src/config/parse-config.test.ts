import { describe, expect, test } from "bun:test";
import { UNAVAILABLE_KEYS } from "./availability.ts";
import { formatProblem } from "./key-path.ts";
import { CONFIG_ERRORS } from "./parse-config.corpus.ts";
import { type ParsedConfig, parseConfig } from "./parse-config.ts";

const ENV = { PORT: "9000", KEY: "0123456789abcdef0123", EMPTY: "", INJECT: "x\nadmin_port: 1", ON: "true" };
const PACKS = ["pr-writer", "readonly"];

function errorsOf(text: string): string[] {
  const result = parseConfig(text, "a.yaml", ENV, { packNames: PACKS });
  return result.kind === "errors" ? result.errors.map(formatProblem) : [];
}

function load(text: string): ParsedConfig {
  const result = parseConfig(text, "a.yaml", ENV, { packNames: PACKS });
  if (result.kind === "errors") throw new Error(result.errors.map(formatProblem).join("\n"));
  return result;
}

const tenant = (keys: string): string => `tenants:\n  - id: a\n    api_keys: [${keys}]\n`;

describe("parseConfig() refuses", () => {
  test.each(CONFIG_ERRORS)("%s", (_, text, error) => {
    expect(errorsOf(text)).toEqual([error]);
  });

  test("everything wrong at once, in file order", () => {
    const errors = errorsOf("server:\n  prt: 1\n  host: a b\ncache: {enabled: true}\nlogging: {level: loud}\n");
    expect(errors.map((line) => line.split(" ")[0])).toEqual([
      "a.yaml:2:3:",
      "a.yaml:3:9:",
      "a.yaml:4:1:",
      "a.yaml:5:18:",
    ]);
  });

  test("a file that is too large, too deep or explodes through aliases", () => {
    expect(errorsOf(`# ${"x".repeat(5_000_000)}`)[0]).toContain("split the configuration");
    expect(errorsOf(`a: ${"[".repeat(40)}${"]".repeat(40)}`)[0]).toContain("nested deeper than 32 levels");
    expect(errorsOf(`a: ${"[".repeat(100_000)}`)).toHaveLength(1);
    const bomb = Array.from(
      { length: 20 },
      (_, n) => `k${n}: &a${n} [${n === 0 ? "x" : `*a${n - 1}, *a${n - 1}, *a${n - 1}`}]`,
    );
    expect(errorsOf(bomb.join("\n")).join()).toContain("values once aliases are followed");
    expect(errorsOf("a: &a [*a]").join()).toContain("nested deeper");
  });

  test("to let a variable add keys", () => {
    const { config } = load("data_dir: ${INJECT}");
    expect(config.data_dir).toBe("x\nadmin_port: 1");
    expect(config.server.admin_port).toBe(8081);
  });

  test("every unavailable key that asks for something, by name", () => {
    const places = UNAVAILABLE_KEYS.map(({ path }) => path);
    expect(places.length).toBe(new Set(places).size);
    for (const { path } of UNAVAILABLE_KEYS) {
      const keys = path.replace("tenants.*.", "").split(".");
      const text = keys
        .map((key, depth) => `${"  ".repeat(depth)}${key}:${depth === keys.length - 1 ? " x" : ""}`)
        .join("\n");
      const inTenant = text.replaceAll(/^/gm, "    ");
      const [error = ""] = errorsOf(path.startsWith("tenants.") ? `${tenant("k")}${inTenant}` : text);
      expect(error).toContain(`\`${keys.at(-1)}\``);
      expect(error).toMatch(/does not have yet; remove the key|is not supported; use/);
    }
  });
});

describe("parseConfig() accepts", () => {
  test("an empty file: every value has its default", () => {
    const { config, warnings } = load("");
    expect(config.server).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      admin_port: 8081,
      max_body_size: 10 * 1024 * 1024,
    });
    expect(config.mcp_gateway).toMatchObject({ enabled: false, host: "127.0.0.1", port: 8082, require_auth: true });
    expect(config.tool_policies).toEqual({ enabled: true, rules: [], rules_after: [] });
    expect(warnings.map(({ message }) => message)).toEqual([
      "no rule and no pack is in force, so every action gets block; add policy_packs or rules",
    ]);
  });

  test("blocks of later versions that are switched off or empty", () => {
    const off = UNAVAILABLE_KEYS.filter(({ path }) => !path.includes(".")).map(({ path }) => path);
    const withSwitch = off.filter(
      (key) => !["providers", "routes", "rate_limit", "aliases", "transform", "messages_api", "webhook"].includes(key),
    );
    const blocks = withSwitch.map((key) => `${key}: {enabled: false}`);
    const empty = [
      "providers: []",
      "routes: []",
      "aliases: {models: {}}",
      "messages_api: {tool_passthrough: false}",
      'webhook: {url: "", secret: ""}',
    ];
    const inner = [
      "policies: {governance_mode: governance, break_glass: false, input: [], output: []}",
      "server: {cors: {enabled: false}}",
    ];
    expect(errorsOf([...blocks, ...empty, ...inner].join("\n"))).toEqual([]);
  });

  test("variables, defaults and escapes, and numbers and switches from variables", () => {
    const { config, unexpanded } = load(
      'server: {port: "${PORT}", host: "${H:-127.0.0.2}"}\ndata_dir: a$${X}-${EMPTY:-b}-${EMPTY}\nmcp_gateway:\n  enabled: ${ON}\n  port: ${P2:-0}',
    );
    expect(config.server).toMatchObject({ port: 9000, host: "127.0.0.2" });
    expect(config.data_dir).toBe("a${X}-b-");
    expect(config.mcp_gateway).toMatchObject({ enabled: true, port: 0 });
    expect(unexpanded).toEqual({
      "server.port": "${PORT}",
      "server.host": "${H:-127.0.0.2}",
      data_dir: "a$${X}-${EMPTY:-b}-${EMPTY}",
      "mcp_gateway.enabled": "${ON}",
      "mcp_gateway.port": "${P2:-0}",
    });
  });

  test("a key that only holds digits stays a text", () => {
    const result = parseConfig(tenant('"${DIGITS}"'), "a.yaml", { DIGITS: "12345678901234567890" });
    expect(result).toMatchObject({
      kind: "config",
      config: { tenants: [{ api_keys: [{ key: "12345678901234567890" }] }] },
    });
  });

  test("plain keys as operator, key_env resolved and trimmed, with warnings", () => {
    const { config, warnings } = load(tenant("shortkey, {key_env: KEY, role: agent, actor: bot}"));
    expect(config.tenants[0]?.api_keys).toEqual([
      { key: "shortkey", role: "operator" },
      { key: "0123456789abcdef0123", role: "agent", actor: "bot" },
    ]);
    expect(warnings.slice(0, 2).map(formatProblem)).toEqual([
      'a.yaml:3:16: tenants[0].api_keys[0]: an API key of tenant "a" has no role and gets operator; write key and role',
      'a.yaml:3:16: tenants[0].api_keys[0]: an API key of tenant "a" has fewer than 16 characters; use a longer one',
    ]);
  });

  test("anchors and aliases", () => {
    const { config } = load("tool_policies:\n  rules:\n    - &r {tool: x, decision: allow}\n    - *r\n");
    expect(config.tool_policies.rules).toHaveLength(2);
  });

  test("rules with one value or a list, and remembers where each stands", () => {
    const { config, sources } = load(
      "tool_policies:\n  rules:\n    - tool: a*\n      refs: main\n      decision: block\n\n    - {tool: b, args: {n: [1, true, x*]}, decision: allow}\n  rules_after:\n    - {protocol: '', tool: '*', decision: review}\n",
    );
    expect(config.tool_policies.rules).toEqual([
      { tool: "a*", refs: ["main"], decision: "block" },
      { tool: "b", args: { n: [1, true, "x*"] }, decision: "allow" },
    ]);
    expect(config.tool_policies.rules_after).toEqual([{ decision: "review" }]);
    expect(sources).toEqual({
      "tool_policies.rules[0]": "a.yaml:3",
      "tool_policies.rules[1]": "a.yaml:7",
      "tool_policies.rules_after[0]": "a.yaml:9",
    });
  });

  test("any loopback spelling without keys, and other hosts with keys", () => {
    for (const host of ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "0:0:0:0:0:0:0:1"]) {
      expect(errorsOf(`server: {host: "${host}"}`)).toEqual([]);
    }
    for (const host of ["127.1", "127.0.0.999", "0", "::ffff:127.0.0.1", "localhost.example", "[::1]"]) {
      expect(errorsOf(`server: {host: "${host}"}`)).toHaveLength(1);
    }
    expect(errorsOf(`${tenant("k")}server: {host: 0.0.0.0}\nmcp_gateway: {enabled: true, host: "::"}`)).toEqual([]);
  });
});
