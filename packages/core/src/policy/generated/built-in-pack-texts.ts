export const BUILT_IN_PACK_TEXTS: Readonly<Record<string, string>> = {};
