/** Packs that were stored with a version of the configuration, read back with every check a pack gets. */
import { z } from "zod";
import { AegisError } from "../errors.ts";
import type { LoadedPack } from "./effective-policy.ts";
import { policyPackSchema } from "./policy-schema.ts";

const loadedPacksSchema = z.array(z.object({ pack: policyPackSchema, ruleSources: z.array(z.string()) }));

/** @param json what `JSON.stringify` made of `LoadedPack[]`. @throws AegisError `corrupt`. */
export function readLoadedPacks(json: string): LoadedPack[] {
  try {
    return loadedPacksSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new AegisError("corrupt", "the stored packs of this version cannot be read; choose another version", {
      cause,
    });
  }
}
