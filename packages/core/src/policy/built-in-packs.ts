/** The packs that ship with the product, embedded so that a single binary needs no files. */
import type { LoadedPack } from "../config/effective-policy.ts";
import { AegisError } from "../errors.ts";
import { BUILT_IN_PACKS } from "./generated/built-in-packs.ts";

export interface BuiltInPacks {
  readonly names: readonly string[];
  /** @throws AegisError `not-found` for a name that is not in `names`. */
  load(name: string): LoadedPack;
}

/** They were parsed and checked when they were embedded: a start pays nothing for them. */
export function createBuiltInPacks(): BuiltInPacks {
  return {
    names: Object.keys(BUILT_IN_PACKS),
    load(name) {
      const pack = Object.hasOwn(BUILT_IN_PACKS, name) ? BUILT_IN_PACKS[name] : undefined;
      if (pack !== undefined) return pack;
      throw new AegisError("not-found", `pack \`${name}\` does not exist; see aegisctl policy-pack list`);
    },
  };
}
