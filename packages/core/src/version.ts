/** Which release and which build this is. `npm run build` stamps the commit; a run from source says so. */

declare const AEGISFLOW_BUILD_COMMIT: string | undefined;

/** Equal to `version` in package.json; a test holds them together. */
export const PRODUCT_VERSION = "0.1.0";

/** Short commit hash, or `source`. */
export const BUILD_COMMIT: string = typeof AEGISFLOW_BUILD_COMMIT === "undefined" ? "source" : AEGISFLOW_BUILD_COMMIT;

/** `aegisflow 0.1.0 (1a2b3c4)`, the answer to `--version`. */
export function versionLine(program: string): string {
  return `${program} ${PRODUCT_VERSION} (${BUILD_COMMIT})`;
}
