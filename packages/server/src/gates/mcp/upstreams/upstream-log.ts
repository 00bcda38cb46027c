/** What an upstream connection has to say to the operator. Lines are bounded; nothing of a call's content is in them. */
export type UpstreamLogLevel = "debug" | "info" | "warn" | "error";

/** Bound to one upstream. */
export type UpstreamLog = (level: UpstreamLogLevel, message: string) => void;

/** One line of a chatty server; the rest of it is cut. */
export const LOG_LINE_CHARS_MAX = 2048;

/** Control characters would let a server forge log lines or drive a terminal. */
export function printable(text: string): string {
  const cut = text.length > LOG_LINE_CHARS_MAX ? `${text.slice(0, LOG_LINE_CHARS_MAX)}…` : text;
  return cut.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}
