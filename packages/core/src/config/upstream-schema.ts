/** One MCP server behind the gateway: `mcp_gateway.upstreams[]`, reached by URL or started as a child process. */
import { z } from "zod";
import { blankableSchema, durationSchema, httpUrlSchema, textSchema } from "./field-types.ts";
import { globSchema } from "./policy-schema.ts";

/** Most upstreams of one gateway. */
export const UPSTREAMS_MAX = 200;

/** Headers that the transport itself owns; setting them would break framing or the protocol. */
const OWNED_HEADERS = new Set([
  "host",
  "connection",
  "content-length",
  "content-type",
  "transfer-encoding",
  "accept",
  "mcp-protocol-version",
  "mcp-session-id",
  "mcp-method",
  "mcp-name",
]);

const headerNameSchema = z
  .string()
  .max(200)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "is not a header name")
  .refine((name) => !OWNED_HEADERS.has(name.toLowerCase()), "is set by the gateway itself; remove it");
const headerValueSchema = z
  .string()
  .max(16_384)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "holds characters that no header can carry, such as a line break");
const environmentNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is not a variable name");

const restartSchema = z
  .strictObject({
    initial_backoff: durationSchema({ min: "10ms", max: "10m" })
      .default("500ms")
      .describe("Wait before the first restart."),
    max_backoff: durationSchema({ min: "10ms", max: "1h" })
      .default("30s")
      .describe("Longest wait; it doubles up to this."),
  })
  .prefault({})
  .describe("How a child process that ended is started again.");

export const upstreamSchema = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
        "an upstream's name is 1 to 64 letters, digits, dashes and underscores",
      )
      .describe("Unique name, in traces and evidence. Required."),
    url: httpUrlSchema.optional().describe("Address of a server reached over HTTP. Either this or command."),
    command: textSchema
      .optional()
      .describe("Program of a server started as a child process that speaks on stdin and stdout."),
    args: z.array(blankableSchema).max(1_000).default([]).describe("Arguments of the program."),
    env: z
      .record(environmentNameSchema, blankableSchema)
      .default({})
      .describe(
        "Environment of the program, in addition to PATH, HOME, LANG, TMPDIR and the like; nothing else is inherited. Secret.",
      ),
    cwd: textSchema.optional().describe("Folder the program runs in. Default: the gateway's."),
    transport: z
      .enum(["auto", "streamable-http", "sse", "stdio"])
      .default("auto")
      .describe("`auto` means stdio for a command and, for a URL, Streamable HTTP of either era."),
    headers: z
      .record(headerNameSchema, headerValueSchema)
      .default({})
      .describe("Headers sent with every request to the URL. Secret."),
    timeout: durationSchema({ min: "100ms", max: "24h" })
      .optional()
      .describe("Longest time for one request. Default: mcp_gateway.request_timeout."),
    tools: z
      .array(globSchema)
      .min(1, "offers no tool; name globs or remove the key to offer all")
      .max(1_000)
      .default(["*"])
      .describe("Globs on the upstream's own tool names; others are neither listed nor callable."),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{0,64}$/, "a prefix is up to 64 letters, digits and . _ -")
      .default("")
      .describe(
        "Put before the names of its tools and prompts, for example `github.`. Two upstreams that offer one name are an error.",
      ),
    restart: restartSchema,
  })
  .superRefine((upstream, context) => {
    for (const { path, message } of shapeProblems(upstream))
      context.addIssue({ code: "custom", path: [...path], message });
  });
export type UpstreamConfig = z.output<typeof upstreamSchema>;

interface ShapeProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** Keys that contradict each other: a program has no headers, a URL has no arguments. */
function shapeProblems(upstream: {
  readonly url?: string | undefined;
  readonly command?: string | undefined;
  readonly args: readonly string[];
  readonly env: object;
  readonly cwd?: string | undefined;
  readonly transport: string;
  readonly headers: object;
}): ShapeProblem[] {
  const { url, command, transport } = upstream;
  if (url === undefined && command === undefined)
    return [{ path: [], message: "has neither url nor command; write one of them" }];
  if (url !== undefined && command !== undefined)
    return [{ path: ["command"], message: "has both url and command; remove one of them" }];
  if (url !== undefined) {
    const stray = [
      ...(transport === "stdio" ? ["transport"] : []),
      ...(upstream.args.length > 0 ? ["args"] : []),
      ...(Object.keys(upstream.env).length > 0 ? ["env"] : []),
      ...(upstream.cwd === undefined ? [] : ["cwd"]),
    ];
    return stray.map((key) => ({
      path: [key],
      message: `is only for an upstream with command; remove ${key} or write command instead of url`,
    }));
  }
  const stray = [
    ...(transport === "streamable-http" || transport === "sse" ? ["transport"] : []),
    ...(Object.keys(upstream.headers).length > 0 ? ["headers"] : []),
  ];
  return stray.map((key) => ({
    path: [key],
    message: `is only for an upstream with url; remove ${key} or write url instead of command`,
  }));
}

export const upstreamsSchema = z
  .array(upstreamSchema)
  .max(UPSTREAMS_MAX)
  .default([])
  .superRefine((upstreams, context) => {
    const seen = new Set<string>();
    upstreams.forEach(({ name }, index) => {
      if (seen.has(name)) {
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `duplicate upstream name \`${name}\`; rename one of the two`,
        });
      }
      seen.add(name);
    });
  })
  .describe("MCP servers behind the gateway.");
