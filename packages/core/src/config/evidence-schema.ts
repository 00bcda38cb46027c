/** The evidence log: `evidence`. */
import { z } from "zod";
import { durationSchema } from "./field-types.ts";

export const evidenceSchema = z
  .strictObject({
    log_name: z
      .string()
      .max(200)
      .regex(/^[^\s+\p{Cc}]+$/u, "a log's name holds no white space and no `+`")
      .optional()
      .describe(
        "Origin in every checkpoint, such as `acme.example/aegis/prod`. Default: made at the first start. It cannot change later.",
      ),
    checkpoint_interval: durationSchema({ min: "10ms", max: "1h" })
      .default("1s")
      .describe("Longest time between a record and the signed checkpoint that covers it."),
    heads_interval: durationSchema({ min: "100ms", max: "24h" })
      .default("60s")
      .describe("Longest time until a `heads` record commits to where every session stands."),
  })
  .prefault({})
  .describe("The append-only record of what was decided and what came of it.");
