/**
 * Tools and a prompt of the fixture server that ask their client something: by requests of their own in the legacy
 * era, by `input_required` results in the modern one. Names, keys and schemas are the conformance suite's.
 */
import {
  acceptedContent,
  createRequestStateCodec,
  fromJsonSchema,
  type InputRequests,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { DEFAULTS_SCHEMA, ENUMS_SCHEMA, type Form, field, USER_SCHEMA } from "./everything-schemas.ts";
import { declares, text } from "./everything-tools.ts";

/** One process serves every round, so its own key will do. */
export const stateCodec = createRequestStateCodec<{ readonly round: number }>({
  key: crypto.getRandomValues(new Uint8Array(32)),
});

export function registerQuestions(server: McpServer): void {
  registerForms(server);
  registerSingleQuestions(server);
  registerStatefulQuestions(server);
  registerPromptQuestion(server);
}

/** Written once for both eras: the SDK asks legacy clients in the middle of the call, modern ones by its result. */
function registerForms(server: McpServer): void {
  const prompt = fromJsonSchema<{ prompt: string }>(field("prompt", "string"));
  server.registerTool("test_sampling", { description: "Asks the client's model", inputSchema: prompt }, (args, ctx) => {
    const answer = ctx.mcpReq.inputResponses?.["sample"];
    if (answer === undefined) return inputRequired({ inputRequests: { sample: sample(args.prompt, 100) } });
    return text(`LLM response: ${JSON.stringify(answer)}`);
  });
  const message = fromJsonSchema<{ message: string }>(field("message", "string"));
  server.registerTool(
    "test_elicitation",
    { description: "Asks the client's user", inputSchema: message },
    (args, ctx) => form(ctx, args.message, USER_SCHEMA, "User response"),
  );
  for (const [name, schema] of [
    ["test_elicitation_sep1034_defaults", DEFAULTS_SCHEMA],
    ["test_elicitation_sep1330_enums", ENUMS_SCHEMA],
  ] as const) {
    server.registerTool(name, { description: "Asks the client's user to fill in a form" }, (ctx) =>
      form(ctx, "Please fill in the form", schema, "Elicitation completed"),
    );
  }
}

function form(
  ctx: ServerContext,
  message: string,
  requestedSchema: Form,
  done: string,
): InputRequiredResult | ReturnType<typeof text> {
  const answer = inputResponse(ctx.mcpReq.inputResponses, "form");
  if (answer.kind !== "elicit")
    return inputRequired({ inputRequests: { form: inputRequired.elicit({ message, requestedSchema }) } });
  return text(
    `${done}: action=${answer.action}, content=${JSON.stringify(answer.action === "accept" ? answer.content : {})}`,
  );
}

function registerSingleQuestions(server: McpServer): void {
  const askName: InputRequests = { user_name: elicit("What is your name?", "name", "string") };
  for (const name of ["test_input_required_result_elicitation", "test_streaming_elicitation"]) {
    server.registerTool(name, { description: "Asks for a name" }, (ctx) => {
      const answer = acceptedContent(ctx.mcpReq.inputResponses, "user_name");
      return typeof answer?.["name"] === "string"
        ? text(`Hello, ${answer["name"]}!`)
        : inputRequired({ inputRequests: askName });
    });
  }
  const askCapital: InputRequests = { capital_question: sample("What is the capital of France?", 100) };
  // The SDK refuses the question with -32021 when the client did not declare that it can sample.
  server.registerTool("test_missing_capability", { description: "Needs a client that can sample" }, (ctx) =>
    ctx.mcpReq.inputResponses?.["capital_question"] === undefined
      ? inputRequired({ inputRequests: askCapital })
      : text("The client can sample"),
  );
  server.registerTool("test_input_required_result_sampling", { description: "Asks the client's model" }, (ctx) =>
    ctx.mcpReq.inputResponses?.["capital_question"] === undefined
      ? inputRequired({ inputRequests: askCapital })
      : text("The model has answered"),
  );
  const askRoots: InputRequests = { client_roots: inputRequired.listRoots() };
  server.registerTool(
    "test_input_required_result_list_roots",
    { description: "Asks for the client's roots" },
    (ctx) => {
      const answer = ctx.mcpReq.inputResponses?.["client_roots"];
      return answer === undefined
        ? inputRequired({ inputRequests: askRoots })
        : text(`Roots: ${JSON.stringify(answer)}`);
    },
  );
  server.registerTool(
    "test_input_required_result_capabilities",
    { description: "Asks only what the client can answer" },
    (ctx) => {
      const asked: InputRequests = {
        ...(declares(ctx, "elicitation") ? askName : {}),
        ...(declares(ctx, "sampling") ? askCapital : {}),
      };
      const isAnswered = ctx.mcpReq.inputResponses !== undefined || Object.keys(asked).length === 0;
      return isAnswered ? text("Nothing more to ask") : inputRequired({ inputRequests: asked });
    },
  );
}

function registerStatefulQuestions(server: McpServer): void {
  const confirm: InputRequests = { confirm: elicit("Please confirm", "ok", "boolean") };
  for (const name of ["test_input_required_result_request_state", "test_input_required_result_tampered_state"]) {
    server.registerTool(name, { description: "Asks for a confirmation, with state" }, (ctx) =>
      ctx.mcpReq.requestState() === undefined ? withState(confirm, 1) : text("state-ok"),
    );
  }
  const many: InputRequests = {
    user_name: elicit("What is your name?", "name", "string"),
    greeting: sample("Generate a greeting", 50),
    client_roots: inputRequired.listRoots(),
  };
  server.registerTool(
    "test_input_required_result_multiple_inputs",
    { description: "Asks three things at once" },
    (ctx) => {
      const answers = ctx.mcpReq.inputResponses ?? {};
      return Object.keys(many).every((key) => answers[key] !== undefined) ? text("All answered") : withState(many, 1);
    },
  );
  server.registerTool("test_input_required_result_multi_round", { description: "Asks twice" }, (ctx) => nextRound(ctx));
}

function nextRound(ctx: ServerContext): Promise<InputRequiredResult> | ReturnType<typeof text> {
  const round = ctx.mcpReq.requestState<{ round: number }>()?.round ?? 0;
  if (round === 0) return withState({ step1: elicit("Step 1: What is your name?", "name", "string") }, 1);
  if (round === 1) return withState({ step2: elicit("Step 2: What is your favorite color?", "color", "string") }, 2);
  return text("Both rounds answered");
}

function registerPromptQuestion(server: McpServer): void {
  const ask: InputRequests = { user_context: elicit("What context should the prompt use?", "context", "string") };
  server.registerPrompt("test_input_required_result_prompt", { description: "Asks for its context" }, (ctx) => {
    const answer = acceptedContent(ctx.mcpReq.inputResponses, "user_context");
    if (answer === undefined) return inputRequired({ inputRequests: ask });
    return { messages: [{ role: "user", content: { type: "text", text: `Context: ${String(answer["context"])}` } }] };
  });
}

async function withState(inputRequests: InputRequests, round: number): Promise<InputRequiredResult> {
  return inputRequired({ inputRequests, requestState: await stateCodec.mint({ round }) });
}

function elicit(message: string, name: string, type: "string" | "boolean"): InputRequests[string] {
  const value = type === "string" ? ({ type: "string" } as const) : ({ type: "boolean" } as const);
  return inputRequired.elicit({
    message,
    requestedSchema: { type: "object", properties: { [name]: value }, required: [name] },
  });
}

function sample(question: string, maxTokens: number): InputRequests[string] {
  return inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: question } }],
    maxTokens,
  });
}
