/** Values of options, parsed where commander reads them, so that a wrong one is a usage error that names its option. */
import { InvalidArgumentError } from "commander";

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("it is a whole number from 1 on");
  return Number(text);
}

/** `a,b,c`, without empty parts. */
export function parseList(text: string): string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.includes("")) throw new InvalidArgumentError("it is a list with commas, such as target,args");
  return parts;
}

/** A JSON object, or `key=value,key=value` with text values. */
export function parseParams(text: string): Record<string, unknown> {
  if (!text.trimStart().startsWith("{")) return Object.fromEntries(parseList(text).map(parsePair));
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return { ...parsed };
  } catch {
    // reported below
  }
  throw new InvalidArgumentError("it starts with { but is not a JSON object");
}

function parsePair(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at < 1) throw new InvalidArgumentError('it is key=value,… or a JSON object such as {"path": "/tmp/x"}');
  return [pair.slice(0, at), pair.slice(at + 1)];
}
