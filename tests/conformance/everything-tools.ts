/** Tools of the fixture server that answer in one go: the texts and contents are the conformance suite's. */
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  fromJsonSchema,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";

/** One red pixel. */
export const PNG_BASE64 =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** No samples at all. */
const WAV_BASE64 = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
/** Between two signs of life of a tool that takes its time. */
const STEP_MS = 50;

/** What a change of a list is announced with, to clients of both eras. */
export interface Announce {
  tools(): void;
  prompts(): void;
}

export function registerTools(server: McpServer, announce: Announce): void {
  registerContentTools(server);
  registerSlowTools(server);
  registerDiagnosticTools(server, announce);
}

function registerContentTools(server: McpServer): void {
  const simple = text("This is a simple text response for testing.");
  server.registerTool("test_simple_text", { description: "Answers with a text" }, () => simple);
  const image = { type: "image", data: PNG_BASE64, mimeType: "image/png" } as const;
  server.registerTool("test_image_content", { description: "Answers with an image" }, () => ({ content: [image] }));
  const audio = { type: "audio", data: WAV_BASE64, mimeType: "audio/wav" } as const;
  server.registerTool("test_audio_content", { description: "Answers with a sound" }, () => ({ content: [audio] }));
  const embedded = {
    uri: "test://embedded-resource",
    mimeType: "text/plain",
    text: "This is an embedded resource content.",
  };
  server.registerTool("test_embedded_resource", { description: "Answers with a resource" }, () => ({
    content: [{ type: "resource", resource: embedded }],
  }));
  const mixed = {
    uri: "test://mixed-content-resource",
    mimeType: "application/json",
    text: '{"test":"data","value":123}',
  };
  server.registerTool("test_multiple_content_types", { description: "Answers with several kinds of content" }, () => ({
    content: [{ type: "text", text: "Multiple content types test:" }, image, { type: "resource", resource: mixed }],
  }));
  server.registerTool("test_error_handling", { description: "Always fails" }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  const schema = fromJsonSchema<Record<string, unknown>>(RICH_SCHEMA);
  server.registerTool(
    "json_schema_2020_12_tool",
    { description: "Tool with JSON Schema 2020-12 features", inputSchema: schema },
    () => text("ok"),
  );
}

function registerSlowTools(server: McpServer): void {
  server.registerTool("test_tool_with_logging", { description: "Logs three times" }, async (ctx) => {
    for (const message of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
      await ctx.mcpReq.log("info", message);
      await pause();
    }
    return text("Tool with logging executed successfully");
  });
  server.registerTool("test_tool_with_progress", { description: "Reports progress three times" }, async (ctx) => {
    for (const progress of [0, 50, 100]) {
      await report(ctx, progress);
      await pause();
    }
    return text("Tool with progress executed successfully");
  });
}

async function report(ctx: ServerContext, progress: number): Promise<void> {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
}

function registerDiagnosticTools(server: McpServer, announce: Announce): void {
  server.registerTool("test_logging_tool", { description: "Logs once, if the request asks for logs" }, async (ctx) => {
    await ctx.mcpReq.log("info", "one line");
    return text("logged");
  });
  server.registerTool("test_trigger_tool_change", { description: "Announces a change of the tools" }, () => {
    announce.tools();
    return text("announced");
  });
  server.registerTool("test_trigger_prompt_change", { description: "Announces a change of the prompts" }, () => {
    announce.prompts();
    return text("announced");
  });
  const region = { type: "string", description: "Mirrored into a header", "x-mcp-header": "Region" };
  const inputSchema = fromJsonSchema<{ region: string }>({
    type: "object",
    properties: { region },
    required: ["region"],
  });
  server.registerTool("test_header_mirroring", { description: "Has a marked parameter", inputSchema }, (args) =>
    text(`region ${args.region}`),
  );
}

/** Whether the client of this modern request said that it can be asked for it. */
export function declares(ctx: ServerContext, capability: string): boolean {
  const envelope: Readonly<Record<string, unknown>> = { ...ctx.mcpReq.envelope };
  const declared = envelope[CLIENT_CAPABILITIES_META_KEY];
  return typeof declared === "object" && declared !== null && capability in declared;
}

export function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, STEP_MS));
}

const RICH_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { required: ["phone"] },
  else: { required: ["email"] },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  additionalProperties: false,
};
