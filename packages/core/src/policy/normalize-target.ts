/**
 * Brings targets into the one form that globs are matched with, by kind: what the machine would resolve to the same
 * thing becomes the same text. Lexical only: symlinks are the gate's business.
 */

/** `//`, `.`, `..`, a trailing slash and `file://` go; `~` and leading `..` stay; case is kept; Unicode is NFC. */
export function normalizePath(path: string): string {
  if (SIMPLE_PATH.test(path)) return path;
  let text = path.normalize("NFC");
  if (text.startsWith("file://")) text = text.slice("file://".length);
  if (/^[A-Za-z]:\\/.test(text)) text = text.replaceAll("\\", "/");
  const absolute = text.startsWith("/");
  const kept: string[] = [];
  for (const segment of text.split("/")) {
    if (segment === "" || segment === ".") continue;
    const last = kept.at(-1);
    const canGoUp = last !== undefined && last !== ".." && !(kept.length === 1 && last.startsWith("~"));
    if (segment !== "..") kept.push(segment);
    else if (canGoUp) kept.pop();
    else if (!absolute) kept.push(segment);
  }
  const joined = kept.join("/");
  if (absolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** Printable ASCII segments without anything to resolve: returned as they are. */
const SIMPLE_PATH = /^\/?(?!\.\.?(?:\/|$))[\w@+=,%~.-]+(?:\/(?!\.\.?(?:\/|$))[\w@+=,%~.-]+)*$/;

export type NormalizedUrl =
  | { readonly kind: "ok"; readonly text: string; readonly host: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Scheme and host lower case, default port and fragment gone, dot segments resolved, needless escapes decoded. */
export function normalizeUrl(text: string): NormalizedUrl {
  const [, simpleHost] = SIMPLE_URL.exec(text) ?? [];
  if (simpleHost !== undefined) return { kind: "ok", text, host: simpleHost };
  const url = URL.parse(text.trim());
  if (url === null || url.host === "") return { kind: "refused", reason: "the target is not a full URL" };
  if (url.username !== "" || url.password !== "" || /^[^/?#]*:\/\/[^/?#]*@/.test(text.trim())) {
    return { kind: "refused", reason: "the URL carries user information before its host" };
  }
  // NOTE: the parser lowers hosts of the web's own schemes only; rules are lowered for all.
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  const port = url.port === "" ? "" : `:${url.port}`;
  return { kind: "ok", host, text: `${url.protocol}//${host}${port}${decodeUnreserved(url.pathname + url.search)}` };
}

/** Already in its form: a name that can be no number or punycode, and a path without dots or escapes. */
const SIMPLE_URL = /^https?:\/\/((?:(?!xn--)[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24})\/[\w/~-]*$/;

/** `%64elete` and `delete` are the same path to every server. */
function decodeUnreserved(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const char = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : encoded.toUpperCase();
  });
}

/** `Owner/Repo`, a clone URL or an scp-like address as `owner/repo`; another host than the big three keeps its name. */
export function normalizeRepo(text: string): string {
  if (PLAIN_REPO.test(text) && !text.endsWith(".git")) return text;
  const remote = /^(?:[a-z+]+:\/\/(?:[^/@]*@)?|[^/@:]+@)([^/:]+)(?::\d+\/|[:/])(.+)$/i.exec(text.trim());
  const path = withoutLastSlashes(remote?.[2] ?? text.trim()).replace(/\.git$/i, "");
  const host = remote?.[1]?.toLowerCase() ?? "";
  if (host === "" || CASELESS_FORGES.has(host)) return path.toLowerCase();
  return `${host}/${path}`;
}

/** By hand: `/\/+$/` looks at a long run of slashes again from each of them. */
function withoutLastSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}

const PLAIN_REPO = /^[a-z0-9._-]+\/[a-z0-9._-]+$/;
const CASELESS_FORGES: ReadonlySet<string> = new Set(["github.com", "www.github.com", "gitlab.com", "bitbucket.org"]);

/** Prose and SQL: compatibility forms, hidden characters, case and the amount of white space make no difference. */
export function foldText(text: string): string {
  if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

/** A command line as rules see it: white space runs are one blank, the words keep their case. */
export function foldCommand(text: string): string {
  return /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text) ? text : text.normalize("NFC").replace(/\s+/g, " ").trim();
}
