/** The packs that ship with the product, embedded so that a single binary needs no files. */
import type { LoadedPack } from "../config/effective-policy.ts";
import { parsePolicyPack } from "../config/parse-policy-pack.ts";
import { AegisError } from "../errors.ts";
import { BUILT_IN_PACK_TEXTS } from "./generated/built-in-pack-texts.ts";

export interface BuiltInPacks {
  readonly names: readonly string[];
  /** @throws AegisError `not-found` for a name that is not in `names`. */
  load(name: string): LoadedPack;
}

/** Packs are parsed when they are asked for: a start pays for the ones it names. */
export function createBuiltInPacks(): BuiltInPacks {
  const names = Object.keys(BUILT_IN_PACK_TEXTS);
  return {
    names,
    load(name) {
      const text = names.includes(name) ? BUILT_IN_PACK_TEXTS[name] : undefined;
      if (text === undefined)
        throw new AegisError("not-found", `pack \`${name}\` does not exist; see aegisctl policy-pack list`);
      const parsed = parsePolicyPack(text, `policy-packs/${name}.yaml`);
      if (parsed.kind === "errors") throw new AegisError("corrupt", `the built-in pack \`${name}\` does not load`);
      return parsed;
    },
  };
}
