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

const httpsUrlSchema = httpUrlSchema.refine(
  (url) => url.toLowerCase().startsWith("https://"),
  "must be an https:// URL",
);

const upstreamOAuthSchema = z
  .strictObject({
    grant: z
      .enum(["authorization_code", "client_credentials"])
      .default("authorization_code")
      .describe(
        "`authorization_code`: a person signs in once, at the address in the log. `client_credentials`: the gateway signs in by itself with client_id and client_secret.",
      ),
    client_id: textSchema
      .exactOptional()
      .describe(
        "A client that was registered in advance. Default: the gateway registers itself where the server allows it.",
      ),
    client_secret: textSchema.exactOptional().describe("Secret of client_id, best as a variable in braces. Secret."),
    client_metadata_url: httpsUrlSchema
      .exactOptional()
      .describe(
        "Address of a client ID metadata document, for authorization servers that take one instead of a registration.",
      ),
    issuer: httpUrlSchema
      .exactOptional()
      .describe("The only authorization server that client_id is for; another one that the upstream names is refused."),
    scopes: z
      .array(textSchema)
      .max(100)
      .exactOptional()
      .describe("Scopes to ask for, beside those that the upstream demands."),
    redirect_url: httpUrlSchema
      .exactOptional()
      .describe("Where the browser returns after sign-in. Default: http://127.0.0.1:8083/oauth/callback."),
  })
  .superRefine(({ grant, client_id, client_secret }, context) => {
    if (grant !== "client_credentials" || (client_id !== undefined && client_secret !== undefined)) return;
    const message = "client_credentials needs client_id and client_secret; write both";
    context.addIssue({ code: "custom", path: ["grant"], message });
  });
export type UpstreamOAuthConfig = z.output<typeof upstreamOAuthSchema>;

export const upstreamSchema = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
        "an upstream's name is 1 to 64 letters, digits, dashes and underscores",
      )
      .describe("Unique name, in traces and evidence. Required."),
    url: httpUrlSchema.exactOptional().describe("Address of a server reached over HTTP. Either this or command."),
    command: textSchema
      .exactOptional()
      .describe("Program of a server started as a child process that speaks on stdin and stdout."),
    args: z.array(blankableSchema).max(1_000).default([]).describe("Arguments of the program."),
    env: z
      .record(environmentNameSchema, blankableSchema)
      .default({})
      .describe(
        "Environment of the program, in addition to PATH, HOME, LANG, TMPDIR and the like; nothing else is inherited. Secret.",
      ),
    cwd: textSchema.exactOptional().describe("Folder the program runs in. Default: the gateway's."),
    transport: z
      .enum(["auto", "streamable-http", "sse", "stdio"])
      .default("auto")
      .describe("`auto` means stdio for a command and, for a URL, Streamable HTTP of either era."),
    protocol: z
      .enum(["auto", "modern", "legacy"])
      .default("auto")
      .describe("`modern` is 2026-07-28, `legacy` 2025-11-25 and earlier; `auto` finds out which the server speaks."),
    headers: z
      .record(headerNameSchema, headerValueSchema)
      .default({})
      .describe("Headers sent with every request to the URL. Secret."),
    oauth: upstreamOAuthSchema
      .exactOptional()
      .describe("How the gateway signs in to the URL where the server asks for OAuth. Default: it does not."),
    timeout: durationSchema({ min: "100ms", max: "24h" })
      .exactOptional()
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
  readonly oauth?: object | undefined;
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
    ...(upstream.oauth === undefined ? [] : ["oauth"]),
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
