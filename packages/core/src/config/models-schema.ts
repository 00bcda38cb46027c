/**
 * The AI gateway of the reference product: models, routes, caches, budgets. Known to the schema so that a file
 * that uses them is refused by name (see availability.ts) and not by "unknown key". No defaults here: an absent
 * block stays absent.
 */
import { z } from "zod";
import { countSchema as count, durationSchema, blankableSchema as text } from "./field-types.ts";

const duration = durationSchema();
const number = z.number();
const flag = z.boolean();
const texts = z.array(text);

const redis = z
  .strictObject({
    address: text.optional().describe("`host:port` of the server."),
    password: text.optional().describe("Password. Secret."),
    db: count.optional().describe("Number of the database. Default: 0."),
  })
  .optional()
  .describe("Redis or Valkey server.");

const retry = z.strictObject({
  max_attempts: count.optional().describe("Attempts in all. Default: 1, which is no retry."),
  initial_backoff: duration.optional().describe("Wait before the second attempt. Default: 200ms."),
  max_backoff: duration.optional().describe("Longest wait. Default: 5s."),
  backoff_multiplier: number.optional().describe("Factor between waits. Default: 2."),
  jitter: flag.optional().describe("Whether waits are random up to their length. Default: false."),
  retryable_status_codes: z
    .array(count)
    .optional()
    .describe("HTTP status codes worth another attempt. Default: 429, 500, 502, 503, 504."),
});

const secretReference = z.strictObject({
  key: text.optional().describe("The key itself. Secret."),
  key_env: text.optional().describe("Name of the environment variable that holds it."),
});

export const providersSchema = z
  .array(
    z.strictObject({
      name: text.describe("Unique name; routes refer to it."),
      type: text.describe("Kind of provider, such as openai, anthropic or mock."),
      enabled: flag.optional().describe("Whether it is used. Default: false."),
      default: flag.optional().describe("Never had an effect in the reference product."),
      base_url: text.optional().describe("Address of its API."),
      api_key_env: text.optional().describe("Name of the environment variable that holds its key."),
      api_keys: z
        .array(z.union([text, secretReference]))
        .optional()
        .describe("Several keys, used in turn. Secret."),
      key_selection: text.optional().describe("How keys are chosen. Default: round-robin."),
      models: texts.optional().describe("Models it offers."),
      timeout: duration.optional().describe("Longest time for one call. Default: 60s."),
      max_retries: count.optional().describe("Never had an effect in the reference product; see retry."),
      retry: retry.optional().describe("When a failed call is tried again."),
      api_version: text.optional().describe("API version (azure_openai). Default: 2024-10-21."),
      region: text.optional().describe("Region, shown only."),
      config: z
        .record(text, z.union([text, number, flag]))
        .optional()
        .describe("Settings of the provider's kind."),
    }),
  )
  .optional()
  .describe("Model providers.");

const region = z.strictObject({
  name: text.optional().describe("Name of the region."),
  providers: texts.optional().describe("Providers of the region, in order."),
  strategy: text.optional().describe("priority or round-robin."),
});

const canary = z.strictObject({
  target_provider: text.optional().describe("Provider that is tried out."),
  stages: z.array(number).optional().describe("Percentages of traffic, one stage each."),
  observation_window: duration.optional().describe("Length of a stage."),
  error_threshold: number.optional().describe("Error rate that rolls back, in percent."),
  latency_p95_threshold: number.optional().describe("p95 latency that rolls back, in milliseconds."),
});

export const routesSchema = z
  .array(
    z.strictObject({
      match: z
        .strictObject({ model: text.optional().describe("Glob on the model.") })
        .optional()
        .describe("Which requests the route takes."),
      providers: texts.optional().describe("Providers in order."),
      strategy: text.optional().describe("priority or round-robin. Default: priority."),
      regions: z.array(region).optional().describe("Regions tried in order; replaces providers."),
      canary: canary.optional().describe("Gradual move to another provider."),
    }),
  )
  .optional()
  .describe("Which model goes to which provider; first match wins.");

const replies = z.strictObject({
  strip_pii: flag.optional().describe("Whether personal data is taken out of answers. Default: false."),
  content_prefix: text.optional().describe("Text put before answers."),
  content_suffix: text.optional().describe("Text put after answers."),
  replacements: z.record(text, text).optional().describe("Texts to replace in answers."),
});

export const transformSchema = z
  .strictObject({
    system_prompt_prefix: text.optional().describe("Text put before the system prompt."),
    system_prompt_suffix: text.optional().describe("Text put after the system prompt."),
    default_system_prompt: text.optional().describe("System prompt of requests that have none."),
    response: replies.optional().describe("Changes to answers."),
  })
  .optional()
  .describe("Changes to prompts and answers.");

const semanticCache = z.strictObject({
  enabled: flag.optional().describe("Whether similar questions share an answer. Default: false."),
  provider: text.optional().describe("Provider of embeddings."),
  base_url: text.optional().describe("Address of the embeddings API."),
  api_key: text.optional().describe("Key of the embeddings API. Secret."),
  model: text.optional().describe("Embedding model. Default: text-embedding-3-small."),
  threshold: number.optional().describe("Least similarity, 0 to 1. Default: 0.92."),
  max_size: count.optional().describe("Most entries. Default: 1000."),
});

export const cacheSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether answers are cached. Default: false."),
    backend: text.optional().describe("memory or redis. Default: memory."),
    ttl: duration.optional().describe("How long an answer is kept. Default: 5m."),
    max_size: count.optional().describe("Most entries. Default: 1000."),
    redis,
    semantic: semanticCache.optional().describe("Cache by meaning."),
  })
  .optional()
  .describe("Cache of model answers.");

export const rateLimitSchema = z
  .strictObject({ backend: text.optional().describe("memory or redis. Default: memory."), redis })
  .optional()
  .describe("Where rate limits are counted.");

export const aliasesSchema = z
  .strictObject({ models: z.record(text, text).optional().describe("Friendly name to model name.") })
  .optional()
  .describe("Other names of models.");

export const loadShedSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether overload is refused early. Default: false."),
    max_concurrent: count.optional().describe("Most requests at once. Default: 100."),
    queue_size: count.optional().describe("Most requests that wait. Default: 50."),
    queue_timeout: duration.optional().describe("Longest wait. Default: 10s."),
  })
  .optional()
  .describe("Load shedding of model calls.");

export const websocketSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether /v1/ws answers. Default: false."),
    ping_interval: duration.optional().describe("Time between pings. Default: 30s."),
  })
  .optional()
  .describe("Model calls over WebSocket.");

export const messagesApiSchema = z
  .strictObject({ tool_passthrough: flag.optional().describe("Whether tools reach the provider. Default: false.") })
  .optional()
  .describe("Anthropic-style messages endpoint.");
