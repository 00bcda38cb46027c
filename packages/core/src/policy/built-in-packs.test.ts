import { expect, test } from "bun:test";
import { parsePolicyPack } from "../config/parse-policy-pack.ts";
import { createBuiltInPacks } from "./built-in-packs.ts";
import { BUILT_IN_PACK_TEXTS } from "./generated/built-in-pack-texts.ts";

test("every embedded pack is what its YAML says, with the line of every rule", () => {
  const packs = createBuiltInPacks();
  expect(packs.names).toEqual(Object.keys(BUILT_IN_PACK_TEXTS));
  for (const name of packs.names) {
    const parsed = parsePolicyPack(BUILT_IN_PACK_TEXTS[name] ?? "", `policy-packs/${name}.yaml`);
    expect(parsed).toEqual({ kind: "pack", ...packs.load(name) });
  }
});

test("an unknown pack, or a word that every object knows, is not found", () => {
  const packs = createBuiltInPacks();
  for (const name of ["nope", "toString", "__proto__"]) expect(() => packs.load(name)).toThrow("does not exist");
});
