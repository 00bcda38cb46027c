import { expect, test } from "bun:test";
import { normalizeRepo, normalizeUrl } from "./normalize-target.ts";

test.each([
  ["https://EXAMPLE.com/A", "https://example.com/A"],
  ["repo://Acme/Secret", "repo://acme/Secret"],
])("%j has its host in lower case, whatever its scheme: %j", (url, text) => {
  expect(normalizeUrl(url)).toMatchObject({ kind: "ok", text });
});

test("a repository is read in linear time, however many slashes it holds", () => {
  const startedMs = performance.now();
  expect(normalizeRepo(`${"/".repeat(500_000)}x`)).toHaveLength(500_001);
  expect(normalizeRepo("Acme/Api.git///")).toBe("acme/api");
  // Quadratic matching takes minutes.
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});
