import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ADMIN_ROUTES } from "@aegisflow/core/admin-api/admin-api";
import { UNAVAILABLE_KEYS } from "@aegisflow/core/config/availability";
import { formatProblem } from "@aegisflow/core/config/key-path";
import { parseConfig } from "@aegisflow/core/config/parse-config";
import { configurationPage } from "./generate/configuration-page.ts";
import { exampleYaml, withExamples } from "./generate/example-yaml.ts";
import { openApi } from "./generate/openapi.ts";
import { roleMatrix } from "./generate/role-matrix.ts";

const ENV = {
  TEAM_A_AGENT_KEY: "agent-key-0123456789",
  TEAM_A_REVIEWER_KEY: "reviewer-key-0123456789",
  GITHUB_TOKEN: "t",
};

function load(text: string) {
  const result = parseConfig(text, "example.yaml", ENV, { packNames: ["pr-writer"] });
  if (result.kind === "errors") throw new Error(result.errors.map(formatProblem).join("\n"));
  return result.config;
}

describe("the example configuration", () => {
  test("loads as it is, and says nothing but defaults", () => {
    const given = load(exampleYaml());
    const defaults = load("policy_packs: [pr-writer]\nmcp_gateway: {enabled: true}");
    expect(given).toEqual(defaults);
  });

  test("loads with its examples switched on", () => {
    const config = load(withExamples(exampleYaml()));
    expect(config.tenants).toHaveLength(1);
    expect(config.mcp_gateway.upstreams.map(({ name }) => name)).toEqual(["files", "github"]);
    expect(config.tool_policies.rules).toHaveLength(3);
  });
});

/** Fenced YAML in the documentation that is a configuration. */
function documentedConfigs(): { readonly file: string; readonly text: string }[] {
  const root = join(import.meta.dirname, "..");
  const pages = [
    ...readdirSync(root),
    ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((path) => join("docs", path)),
  ];
  return pages
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => ({
        file,
        text,
      })),
    )
    .filter(({ text }) => /^(?:server|tenants|policy_packs|tool_policies|mcp_gateway):/m.test(text));
}

test("every configuration in the documentation loads", () => {
  const examples = documentedConfigs();
  expect(examples.length).toBeGreaterThan(0);
  for (const { file, text } of examples) {
    const env = Object.fromEntries(
      [...text.matchAll(/\$\{(\w+)\}|key_env: (\w+)/g)].map(([, a, b]) => [a ?? b ?? "", `value-of-${a ?? b}`]),
    );
    const result = parseConfig(text, file, env);
    expect(result.kind === "errors" ? result.errors.map(formatProblem) : []).toEqual([]);
  }
});

describe("the reference pages", () => {
  test("name every key that this version does not have", () => {
    const page = configurationPage();
    for (const { path } of UNAVAILABLE_KEYS) expect(page).toContain(`\`${path.replaceAll(".*", "[]")}\``);
    expect(page).not.toContain("undefined");
  });

  test("have one row for each route", () => {
    const rows = roleMatrix()
      .split("\n")
      .filter((line) => /^\| `(?:GET|POST)/.test(line));
    expect(rows).toHaveLength(ADMIN_ROUTES.length);
  });

  test("describe every route in OpenAPI, each under its own id", () => {
    const document: unknown = JSON.parse(openApi());
    const ids = [...JSON.stringify(document).matchAll(/"operationId":"([^"]+)"/g)].map(([, id = ""]) => id);
    expect(ids.toSorted()).toEqual(ADMIN_ROUTES.map(({ name }): string => name).toSorted());
    expect(JSON.stringify(document)).toContain('"$ref":"#/components/schemas/Error"');
  });
});
