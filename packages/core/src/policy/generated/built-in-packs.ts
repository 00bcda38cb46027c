/** Made by `npm run generate` from policy-packs; edit the packs, not this file. */
import type { LoadedPack } from "../../config/effective-policy.ts";

export const BUILT_IN_PACKS: Readonly<Record<string, LoadedPack>> = {
};
