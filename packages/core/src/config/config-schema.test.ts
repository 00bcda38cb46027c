import { describe, expect, test } from "bun:test";
import { UNAVAILABLE_KEYS } from "./availability.ts";
import { configJsonSchema, type JsonSchema, knownKeysAt } from "./config-json-schema.ts";
import { isSecretPath } from "./secrets.ts";

interface Key {
  readonly path: readonly string[];
  readonly node: JsonSchema;
}

/** Every key of the schema; list items and free map keys stand as `*`. */
function allKeys(node: JsonSchema, path: readonly string[] = []): Key[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    { path: [...path, key], node: child },
    ...allKeys(child, [...path, key]),
  ]);
  const rest = typeof node.additionalProperties === "object" ? allKeys(node.additionalProperties, [...path, "*"]) : [];
  const items = node.items === undefined ? [] : allKeys(node.items, [...path, "*"]);
  return [...below, ...rest, ...items, ...(node.anyOf ?? []).flatMap((branch) => allKeys(branch, path))];
}

const SCHEMA = configJsonSchema();
const KEYS = allKeys(SCHEMA);

/** Top-level keys of the reference product: files written for it are never met with "unknown key" here. */
const REFERENCE_KEYS =
  "server providers routes tenants rate_limit policies telemetry logging cache webhook database admin aliases transform analytics budgets cost_optimization eval federation load_shed websocket messages_api tool_policies mcp_gateway credentials capability approval_integrations behavioral resilience shell_gate sql_gate github_gate http_gate sandbox resource_policies manifests identity supply_chain".split(
    " ",
  );

describe("the configuration schema", () => {
  test("describes every key", () => {
    expect(KEYS.length).toBeGreaterThan(300);
    expect(KEYS.filter(({ node }) => (node.description ?? "").length < 5).map(({ path }) => path.join("."))).toEqual(
      [],
    );
  });

  test("knows every top-level key of the reference product", () => {
    const known = knownKeysAt(SCHEMA, []);
    expect(REFERENCE_KEYS.filter((key) => !known.includes(key))).toEqual([]);
  });

  test("has every key that is listed as unavailable", () => {
    const paths = new Set(KEYS.map(({ path }) => path.join(".")));
    expect(UNAVAILABLE_KEYS.filter(({ path }) => !paths.has(path)).map(({ path }) => path)).toEqual([]);
  });

  test("says in the JSON Schema which keys this version does not have", () => {
    expect(SCHEMA.properties?.["providers"]?.description).toStartWith("Not in this version.");
    expect(SCHEMA.properties?.["server"]?.description).toBe("Listeners and their limits.");
  });

  test("lists every key with a secret-looking name as secret", () => {
    const looksSecret = /(?:^|_)(?:token|secret|password|(?<!per_)key|conn_string)$/;
    const notSecret = ["providers.*.api_key_env", "tenants.*.api_keys.*.key_env"];
    const missing = KEYS.map(({ path }) => path)
      .filter((path) => looksSecret.test(path.at(-1) ?? "") && !isSecretPath(path))
      .map((path) => path.join("."));
    expect(missing.filter((path) => !notSecret.includes(path))).toEqual([]);
  });

  test("marks every key whose description says it is secret", () => {
    const said = KEYS.filter(({ node }) => /\bSecret\.$/.test(node.description ?? ""));
    expect(said.length).toBeGreaterThan(10);
    for (const { path } of said) {
      expect([path.join("."), isSecretPath(path) || isSecretPath([...path, "*"])]).toEqual([path.join("."), true]);
    }
  });
});
