/** Made by `npm run generate` from policy-packs; edit the packs, not this file. */
export const BUILT_IN_PACK_TEXTS: Readonly<Record<string, string>> = {
};
