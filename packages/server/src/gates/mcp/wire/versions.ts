/** Protocol revisions this gateway speaks to clients. Revisions are dates, so text order is time order. */

/** Stateless, `_meta` on every request. */
export const MODERN_VERSIONS: readonly string[] = ["2026-07-28"];
/** Sessions after `initialize`; newest first. */
export const LEGACY_VERSIONS: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/** What a request without `MCP-Protocol-Version` and without a session is taken for (MCP 2025-11-25 basic/transports). */
export const UNSAID_VERSION = "2025-03-26";

export function isModernVersion(version: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= "2026-07-28";
}

/** `initialize`: the client's version if we speak it, else our newest; the client then decides whether it can go on. */
export function negotiateVersion(requested: string): string {
  return LEGACY_VERSIONS.includes(requested) ? requested : (LEGACY_VERSIONS[0] ?? UNSAID_VERSION);
}

/** The one revision that has batches. */
export function allowsBatches(version: string): boolean {
  return version === "2025-03-26";
}
