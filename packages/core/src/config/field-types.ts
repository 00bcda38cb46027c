/**
 * The kinds of value a configuration key can have. Each refuses early, with a message that says what to write.
 * Durations and sizes stay as people wrote them; `parseDurationMs` gives the number.
 */
import { z } from "zod";
import { parseDurationMs } from "../units.ts";

/** Longest plain text value (names, URLs, paths), in characters. */
export const TEXT_LENGTH_MAX = 4096;

const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;

export interface DurationLimits {
  readonly min?: string;
  readonly max?: string;
}

/** Go-style duration text, such as `250ms`, `30s` or `1h30m`. */
export function durationSchema(limits: DurationLimits = {}) {
  return z
    .string({
      error: ({ input }) =>
        typeof input === "number" ? `\`${input}\` has no unit; write for example ${input}s or ${input}m` : undefined,
    })
    .regex(DURATION, "is not a duration; write for example 250ms, 30s, 5m or 1h30m")
    .superRefine((text, context) => {
      if (!DURATION.test(text)) return;
      const problem = outOfLimits(text, limits);
      if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
    });
}

function outOfLimits(text: string, { min, max }: DurationLimits): string | undefined {
  const valueMs = parseDurationMs(text);
  if (!Number.isSafeInteger(Math.ceil(valueMs))) return `\`${text}\` is too long; write a shorter duration`;
  if (min !== undefined && valueMs < parseDurationMs(min)) return `\`${text}\` is too short; the least is ${min}`;
  if (max !== undefined && valueMs > parseDurationMs(max)) return `\`${text}\` is too long; the most is ${max}`;
  return undefined;
}

/** A TCP port; 0 lets the system choose a free one. */
export const portSchema = z.int().min(0).max(65_535);

/** A name or address to listen on, without port, scheme or brackets. */
export const hostSchema = z
  .string()
  .max(255)
  .regex(/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?)$/, {
    message: "is not a host name or address; write for example 127.0.0.1, ::1 or localhost",
    abort: true,
  });

/** Whether only this machine can reach a listener on the host. A name other than localhost may resolve anywhere: no. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name === "::1" || /^0{0,4}(?::0{1,4}){6}:0{0,3}1$/.test(name)) return true;
  return /^127(?:\.\d{1,3}){3}$/.test(name) && name.split(".").every((octet) => Number(octet) <= 255);
}

export const httpUrlSchema = z
  .string()
  .max(TEXT_LENGTH_MAX)
  .superRefine((text, context) => {
    const problem = urlProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

function urlProblem(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return "is not an http:// or https:// URL; write it in full";
  const { username, password } = new URL(text);
  return username === "" && password === ""
    ? undefined
    : "holds a user name or password; send credentials in `headers`";
}

export const textSchema = z.string().min(1, "must not be empty; write a value or remove the key").max(TEXT_LENGTH_MAX);

/** A text that may stay empty, as the reference product prints unset keys. */
export const blankableSchema = z.string().max(TEXT_LENGTH_MAX);

export const countSchema = z.int().min(0);
