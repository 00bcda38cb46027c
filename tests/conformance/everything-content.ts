/** Resources and prompts of the fixture server, and completion of a prompt's argument. */
import { completable, type McpServer, ResourceTemplate } from "@modelcontextprotocol/server";
import { z } from "zod";
import { PNG_BASE64 } from "./everything-tools.ts";

export function registerResources(server: McpServer): void {
  const staticText = {
    uri: "test://static-text",
    mimeType: "text/plain",
    text: "This is the content of the static text resource.",
  };
  server.registerResource(
    "static-text",
    staticText.uri,
    { description: "A static text", mimeType: "text/plain" },
    () => ({ contents: [staticText] }),
  );
  const binary = { uri: "test://static-binary", mimeType: "image/png", blob: PNG_BASE64 };
  server.registerResource(
    "static-binary",
    binary.uri,
    { description: "A static image", mimeType: "image/png" },
    () => ({ contents: [binary] }),
  );
  const watched = { uri: "test://watched-resource", mimeType: "text/plain", text: "Watched resource content" };
  server.registerResource(
    "watched-resource",
    watched.uri,
    { description: "A text that can be watched", mimeType: "text/plain" },
    () => ({ contents: [watched] }),
  );
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  const about = { description: "A resource with a parameter", mimeType: "application/json" };
  server.registerResource("template", template, about, (uri, { id }) => {
    const body = { id, templateTest: true, data: `Data for ID: ${String(id)}` };
    return { contents: [{ uri: uri.href, mimeType: "application/json", text: JSON.stringify(body) }] };
  });
}

export function registerPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", { description: "A prompt without arguments" }, () => ({
    messages: [user({ type: "text", text: "This is a simple prompt for testing." })],
  }));
  const words = z.object({
    arg1: completable(z.string().describe("First test argument"), (value) =>
      ["paris", "park", "party"].filter((each) => each.startsWith(value)),
    ),
    arg2: z.string().describe("Second test argument"),
  });
  server.registerPrompt(
    "test_prompt_with_arguments",
    { description: "A prompt with arguments", argsSchema: words },
    ({ arg1, arg2 }) => ({
      messages: [user({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` })],
    }),
  );
  const argsSchema = z.object({ resourceUri: z.string().describe("URI of the resource to embed") });
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "A prompt with a resource", argsSchema },
    ({ resourceUri }) => ({
      messages: [
        user({
          type: "resource",
          resource: { uri: resourceUri, mimeType: "text/plain", text: "Embedded resource content for testing." },
        }),
        user({ type: "text", text: "Please process the embedded resource above." }),
      ],
    }),
  );
  server.registerPrompt("test_prompt_with_image", { description: "A prompt with an image" }, () => ({
    messages: [
      user({ type: "image", data: PNG_BASE64, mimeType: "image/png" }),
      user({ type: "text", text: "Please analyze the image above." }),
    ],
  }));
}

function user<Content>(content: Content): { role: "user"; content: Content } {
  return { role: "user", content };
}
