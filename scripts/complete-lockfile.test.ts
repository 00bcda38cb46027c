import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { missingPackages } from "./complete-lockfile.ts";

test("names the packages of other platforms that npm left out", () => {
  const optionalDependencies = { "@x/linux-x64-musl": "1.2.3", "@x/win32-arm64": "1.2.3", "@x/linux-x64": "1.2.3" };
  const packages = { "node_modules/x": { dev: true, optionalDependencies }, "node_modules/@x/linux-x64": {} };
  expect(missingPackages({ packages })).toEqual({
    "node_modules/@x/linux-x64-musl": {
      version: "1.2.3",
      cpu: ["x64"],
      os: ["linux"],
      libc: ["musl"],
      dev: true,
      optional: true,
    },
    "node_modules/@x/win32-arm64": { version: "1.2.3", cpu: ["arm64"], os: ["win32"], dev: true, optional: true },
  });
});

test("package-lock.json is complete, so that npm ci accepts it on every platform", () => {
  const lockfile = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package-lock.json"), "utf8"));
  expect(Object.keys(missingPackages(lockfile))).toEqual([]);
});
