/** Fields of the lines of a bundle, read strictly: exactly these keys, of exactly these shapes. */
import { isHashHex } from "./encoding.ts";
import { EvidenceError } from "./evidence-error.ts";
import type { CanonicalInput } from "./strict-json.ts";

export type Fields = Readonly<Record<string, CanonicalInput>>;

export function malformed(message: string): EvidenceError {
  return new EvidenceError("malformed", message);
}

export function asFields(value: CanonicalInput | undefined): Fields {
  if (typeof value !== "object" || value === null || isList(value)) throw malformed("expected an object");
  return value;
}

function isList(value: CanonicalInput): value is readonly CanonicalInput[] {
  return Array.isArray(value);
}

export function assertExactly(fields: Fields, sortedKeys: readonly string[]): void {
  // The line is canonical or will be found not to be, so the keys stand sorted.
  if (Object.keys(fields).sort().join() !== sortedKeys.join())
    throw malformed(`expected exactly the fields ${sortedKeys.join(", ")}`);
}

export function readText(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw malformed(`\`${key}\` is not a text`);
  return value;
}

export function readCount(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw malformed(`\`${key}\` is not a whole number`);
  return value;
}

export function readHash(fields: Fields, key: string): string {
  const value = readText(fields, key);
  if (!isHashHex(value)) throw malformed(`\`${key}\` is not a hash`);
  return value;
}

export function readHashes(fields: Fields, key: string): readonly string[] {
  const value = fields[key];
  if (value === undefined || !isList(value)) throw malformed(`\`${key}\` is not a list`);
  return value.map((item) => {
    if (typeof item !== "string" || !isHashHex(item)) throw malformed(`\`${key}\` holds something else than hashes`);
    return item;
  });
}
