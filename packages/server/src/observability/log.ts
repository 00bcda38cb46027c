/**
 * Structured log lines, one JSON object (or one readable line) each, to standard error. Values under secret-looking
 * keys never reach it. It is an operator's aid, not evidence.
 */

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: "json" | "text";
}

/** A value longer than this is cut: a log line is no place for a payload. */
const VALUE_CHARS_MAX = 2_000;
const SECRET_KEY = /(?:secret|token|password|passwd|authorization|api_?key|cookie|credential)/i;

export function createLog(settings: LogSettings, write: (line: string) => void, nowIso: () => string): Log {
  const threshold = LOG_LEVELS.indexOf(settings.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      const safe = safeFields(fields);
      write(settings.format === "json" ? jsonLine(nowIso(), level, message, safe) : textLine(level, message, safe));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function jsonLine(ts: string, level: LogLevel, message: string, fields: Record<string, unknown>): string {
  return `${JSON.stringify({ ts, level, msg: message, ...fields })}\n`;
}

function textLine(level: LogLevel, message: string, fields: Record<string, unknown>): string {
  const tail = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${level.toUpperCase().padEnd(5)} ${printable(message)}${tail.join("")}\n`;
}

function safeFields(fields: LogFields): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) safe[key] = SECRET_KEY.test(key) ? "[redacted]" : cut(value);
  }
  return safe;
}

function cut(value: unknown): unknown {
  if (typeof value !== "string" || value.length <= VALUE_CHARS_MAX) return value;
  return `${value.slice(0, VALUE_CHARS_MAX)}… (${value.length} characters)`;
}

/** A message can carry an agent's text: control characters must not move the operator's terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}
