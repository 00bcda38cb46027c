import { expect, test } from "bun:test";
import manifest from "../package.json" with { type: "json" };
import { BUILD_COMMIT, PRODUCT_VERSION, versionLine } from "./version.ts";

test("the version is that of the package, and a run from source says so", () => {
  expect(PRODUCT_VERSION).toBe(manifest.version);
  expect(BUILD_COMMIT).toBe("source");
  expect(versionLine("aegisflow")).toBe(`aegisflow ${manifest.version} (source)`);
});
