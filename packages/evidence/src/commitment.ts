/**
 * Salted commitments: `b64url(SHA-256("aegisflow.dev/cm/v1\0" ‖ salt[16] ‖ JCS([field, value])))`. Without the salt
 * a guess at the value cannot be tested; with salt and value anyone can check it. The field's name is bound too.
 */
import { canonicalJson } from "./canonical-json.ts";
import type { HashPort } from "./crypto-port.ts";
import { concatBytes, fromBase64url, toBase64url, utf8Encode } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import { type CanonicalInput, JSON_DEPTH_MAX } from "./strict-json.ts";

export const SALT_BYTES = 16;
const DOMAIN = utf8Encode("aegisflow.dev/cm/v1\u0000");
/** How deep a disclosed value may nest: what the strict parser reads. */
export const DISCLOSURE_DEPTH_MAX = JSON_DEPTH_MAX;

/** Salt (base64url) and value of each committed field that is disclosed. */
export type Disclosures = Readonly<Record<string, readonly [salt: string, value: CanonicalInput]>>;

/**
 * The commitment to a field's value, 43 base64url characters; the salt is its text, 22 base64url characters.
 * @throws EvidenceError `malformed` for a wrong salt, `not-canonical` for a value without canonical text.
 */
export function commit(hash: HashPort, salt: string, field: string, value: CanonicalInput): string {
  return commitWithSalt(hash, fromBase64url(salt), field, value);
}

/** The same with the salt as its bytes, for the writer, which has just drawn them. */
export function commitWithSalt(hash: HashPort, salt: Uint8Array, field: string, value: CanonicalInput): string {
  if (salt.length !== SALT_BYTES) throw new EvidenceError("malformed", "a salt is 16 bytes");
  const depthMax = DISCLOSURE_DEPTH_MAX + 1;
  const opened = utf8Encode(canonicalJson([field, value], { numbers: "strict-json", depthMax }));
  return toBase64url(hash.sha256(concatBytes(DOMAIN, salt, opened)));
}
