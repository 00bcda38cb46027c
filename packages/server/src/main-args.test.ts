import { expect, test } from "bun:test";
import { parseMainArgs } from "./main-args.ts";

const GOOD: readonly (readonly [readonly string[], object])[] = [
  [[], { kind: "serve" }],
  [["serve"], { kind: "serve" }],
  [["--config", "a.yaml", "--data", "/d"], { kind: "serve", configFile: "a.yaml", home: "/d" }],
  [["--config=a.yaml", "--check"], { kind: "check", configFile: "a.yaml" }],
  [["--replace-admin-key"], { kind: "serve", replaceAdminKey: true }],
  [["recover", "--accept-loss"], { kind: "recover-accept-loss" }],
  [["example-forge"], { kind: "example-forge" }],
  [["--", "example-forge"], { kind: "example-forge" }],
  [["-v"], { kind: "version" }],
  [["--help"], { kind: "help" }],
];

for (const [argv, command] of GOOD) {
  test(`aegisflow ${argv.join(" ")} is understood`, () => {
    expect(parseMainArgs(argv, {})).toEqual(command as ReturnType<typeof parseMainArgs>);
  });
}

test("AEGISFLOW_CONFIG stands in for --config, and an empty one is none", () => {
  expect(parseMainArgs([], { AEGISFLOW_CONFIG: "b.yaml" })).toEqual({ kind: "serve", configFile: "b.yaml" });
  expect(parseMainArgs([], { AEGISFLOW_CONFIG: "" })).toEqual({ kind: "serve" });
});

for (const argv of [["--check"], ["start"], ["serve", "again"], ["--unknown"], ["recover"], ["--config"]]) {
  test(`aegisflow ${argv.join(" ")} is refused with advice`, () => {
    expect(() => parseMainArgs(argv, {})).toThrow(/--help|--config|--accept-loss/);
  });
}
