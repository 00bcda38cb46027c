/** Where the process listens, what it logs, where it keeps its data: `server`, `admin`, `logging`, `data_dir`. */
import { z } from "zod";
import {
  blankableSchema,
  countSchema,
  durationSchema,
  hostSchema,
  httpUrlSchema,
  portSchema,
  textSchema,
} from "./field-types.ts";

/** Bytes of a request body when nothing else is configured. */
export const BODY_BYTES_DEFAULT = 10 * 1024 * 1024;
/** Largest body that may be configured: it is held in memory while it is decided on. */
export const BODY_BYTES_MAX = 256 * 1024 * 1024;

const corsSchema = z.strictObject({
  enabled: z.boolean().optional().describe("Whether browsers of other origins may call the gateway. Default: false."),
  allowed_origins: z.array(blankableSchema).optional().describe("Exact origins, or `*`."),
  allowed_methods: z.array(blankableSchema).optional().describe("HTTP methods a browser may use."),
  allowed_headers: z.array(blankableSchema).optional().describe("Request headers a browser may send."),
  exposed_headers: z.array(blankableSchema).optional().describe("Response headers a browser may read."),
  allow_credentials: z.boolean().optional().describe("Whether cookies may be sent. Default: false."),
  max_age: countSchema.optional().describe("Seconds a browser may remember the answer. Default: 86400."),
});

export const serverSchema = z
  .strictObject({
    host: hostSchema
      .default("127.0.0.1")
      .describe(
        "Address the gateway and the admin API listen on. Anything but loopback needs a tenant with an API key.",
      ),
    port: portSchema.default(8080).describe("Port of the gateway. 0 takes a free one; a port in use stops the start."),
    admin_port: portSchema.default(8081).describe("Port of the admin API. 0 takes a free one."),
    read_timeout: durationSchema().optional().describe("Longest time to read one request. Default: 30s."),
    write_timeout: durationSchema().optional().describe("Longest time to write one answer. Default: 120s."),
    graceful_shutdown: durationSchema({ max: "1h" })
      .default("10s")
      .describe("How long running requests may finish after a stop signal; what still runs then is aborted."),
    max_body_size: z
      .int()
      .max(BODY_BYTES_MAX)
      .superRefine((bytes, context) => {
        if (bytes >= 0) return;
        const message = `server.max_body_size must not be negative (got ${bytes}); write a number of bytes`;
        context.addIssue({ code: "custom", message });
      })
      .transform((bytes) => (bytes === 0 ? BODY_BYTES_DEFAULT : bytes))
      .prefault(BODY_BYTES_DEFAULT)
      .describe("Largest request body of the admin API in bytes; a larger one is answered 413. 0 means the default."),
    cors: corsSchema.optional().describe("Cross-origin access to the gateway."),
  })
  .prefault({})
  .describe("Listeners and their limits.");

export const adminSchema = z
  .strictObject({
    public_url: httpUrlSchema
      .optional()
      .describe(
        "Address under which people reach the admin API; approval links begin with it. Default: http://<server.host>:<server.admin_port>.",
      ),
    allowed_hosts: z
      .array(textSchema)
      .max(100)
      .default([])
      .describe(
        "Further `Host` names the admin API answers to, beside loopback, server.host and public_url. Others get 403.",
      ),
    token: blankableSchema.optional().describe("Never had an effect in the reference product."),
    graphql: z
      .strictObject({
        enabled: z.boolean().optional().describe("Whether the GraphQL endpoint answers. Default: false."),
      })
      .optional()
      .describe("GraphQL access to the admin API."),
  })
  .prefault({})
  .describe("The admin API.");

export const loggingSchema = z
  .strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("Least severe line that is written."),
    format: z.enum(["json", "text"]).default("json").describe("`json` for machines, `text` for people."),
  })
  .prefault({})
  .describe("The log on standard error. It is an operator's aid, not evidence.");

export const dataDirSchema = textSchema
  .optional()
  .describe(
    "Folder of the database, evidence and keys (created with mode 0700). Default: $AEGISFLOW_HOME, else ~/.aegisflow. A change needs a restart.",
  );
