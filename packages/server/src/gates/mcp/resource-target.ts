/**
 * What a resource URI acts on. One resource has many spellings (`%65tc`, `//etc`, `x/..%2fetc`, a host before a file's
 * path), and which of them a server takes for the same one is its own business: the URI as parsed is the target, and
 * every other reading has to pass the rules as well. Pure.
 */
import type { ActionDraft } from "@aegisflow/core";
import { normalizePath } from "@aegisflow/core/policy/normalize-target";

export type ResourceTarget = Pick<ActionDraft, "target" | "target_kind">;

/** Escapes of escapes: a server that decodes more often than this reads no URI of ours right. */
const DECODINGS_MAX = 4;
const CONTROL = /\p{Cc}|%(?:25)*(?:[01][0-9a-f]|7f)/iu;

/** No URI holds control characters; one that does is cut short or split by somebody on the way. */
export function holdsControlCharacters(uri: string): boolean {
  return CONTROL.test(uri);
}

/** Schemes are the servers' own: with a host it is matched as a URL, else as text; dot segments are resolved in both. */
export function resourceTarget(uri: string): ResourceTarget {
  const url = URL.parse(uri);
  return url === null ? { target: uri, target_kind: "text" } : targetOf(url.href, url.host);
}

/** The other things a server may take the URI for; none for a plainly written one. */
export function otherReadings(uri: string): readonly ResourceTarget[] {
  const url = URL.parse(uri);
  if (url === null) return uri.startsWith("/") ? [targetOf(`file://${resolvePath(uri)}`, "")] : [];
  const isFile = url.protocol === "file:";
  const host = isFile ? "" : decode(url.host).toLowerCase();
  const path = resolvePath(decode(url.pathname));
  const authority = url.href.startsWith(`${url.protocol}//`) ? `//${host}` : "";
  const target = `${url.protocol}${authority}${path}${isFile ? "" : url.search}`;
  const plain = url.href.slice(0, url.href.length - url.hash.length);
  return target === plain ? [] : [targetOf(target, host)];
}

function targetOf(target: string, host: string): ResourceTarget {
  return { target, target_kind: host === "" ? "text" : "url" };
}

/** Slashes once, no dot segments; a slash at the end stays, because rules see it. */
function resolvePath(path: string): string {
  const resolved = normalizePath(path.replaceAll("\\", "/"));
  return path.endsWith("/") && !resolved.endsWith("/") ? `${resolved}/` : resolved;
}

/** Escapes of characters that mean something in a path or never needed one; the others stay as rules write them. */
function decode(text: string): string {
  let decoded = text;
  for (let round = 0; round < DECODINGS_MAX; round++) {
    const next = decoded.replace(/%(2[5def]|5[cf]|7e|3\d|[46][1-9a-f]|[57][0-9a])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (next === decoded) break;
    decoded = next;
  }
  return decoded;
}
