/** Severities of MCP log messages (RFC 5424), mildest first. */
import type { JsonObject } from "@aegisflow/core";

export const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function isLogLevel(value: unknown): value is LogLevel {
  return LOG_LEVELS.some((level) => level === value);
}

/** Whether a `notifications/message` is severe enough; without a minimum everything is. */
export function isLoggable(params: JsonObject, minimum: string | undefined): boolean {
  if (!isLogLevel(minimum)) return true;
  const level = params["level"];
  return !isLogLevel(level) || LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(minimum);
}

/** The milder of two: a server shared by many must say what the most curious wants to know. */
export function mildest(levels: readonly LogLevel[]): LogLevel | undefined {
  return LOG_LEVELS.find((level) => levels.includes(level));
}
