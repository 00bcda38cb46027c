/** Budgets, analytics, evaluation and telemetry of the reference product; known, not in this version. */
import { z } from "zod";
import { countSchema as count, durationSchema, blankableSchema as text } from "./field-types.ts";

const duration = durationSchema();
const number = z.number();
const flag = z.boolean();

const limits = {
  monthly: number.optional().describe("US dollars per month; 0 means no limit."),
  daily: number.optional().describe("US dollars per day; 0 means no limit."),
  alert_at: number.optional().describe("Percentage that raises an alert. Default: 80."),
  warn_at: number.optional().describe("Percentage that adds a warning to answers. Default: 90."),
};

export const budgetsSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether spending is limited. Default: false."),
    global: z.strictObject(limits).optional().describe("Budget of everybody together."),
    tenants: z
      .record(
        text,
        z.strictObject({
          ...limits,
          models: z.record(text, z.strictObject(limits)).optional().describe("Budget by model."),
        }),
      )
      .optional()
      .describe("Budget by tenant id."),
  })
  .optional()
  .describe("Spending limits.");

export const costOptimizationSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether cheaper models are suggested. Default: false."),
    min_quality_tolerance: number.optional().describe("Quality that may be lost, in percent. Default: 10."),
    min_request_volume: count.optional().describe("Requests before a suggestion is made. Default: 10."),
  })
  .optional()
  .describe("Suggestions that save money.");

const staticThresholds = z.strictObject({
  error_rate_max: number.optional().describe("Percent. Default: 20."),
  p95_latency_max: number.optional().describe("Milliseconds. Default: 5000."),
  requests_per_minute_max: number.optional().describe("Requests per minute. Default: 10000."),
  cost_per_minute_max: number.optional().describe("US dollars per minute. Default: 50."),
});

const anomalyDetection = z.strictObject({
  enabled: flag.optional().describe("Whether anomalies raise alerts. Default: false."),
  evaluation_interval: duration.optional().describe("Time between evaluations. Default: 1m."),
  static: staticThresholds.optional().describe("Fixed thresholds."),
  baseline: z
    .strictObject({
      window: duration.optional().describe("Time that counts as normal. Default: 24h."),
      stddev_threshold: number.optional().describe("Standard deviations that are an anomaly. Default: 3."),
    })
    .optional()
    .describe("Thresholds learnt from the past."),
});

export const analyticsSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether usage is aggregated. Default: false."),
    retention_hours: count.optional().describe("Hours kept. Default: 48."),
    flush_interval: duration.optional().describe("Time between writes. Default: 1h."),
    anomaly_detection: anomalyDetection.optional().describe("Alerts on unusual traffic."),
  })
  .optional()
  .describe("Usage analytics.");

export const evalSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether answers are scored. Default: false."),
    builtin: z
      .strictObject({
        enabled: flag.optional().describe("Whether the built-in score is computed. Default: false."),
        min_response_tokens: count.optional().describe("Shorter answers score lower. Default: 10."),
        latency_multiplier: number.optional().describe("Slower answers score lower. Default: 2."),
      })
      .optional()
      .describe("Built-in score."),
    webhook: z
      .strictObject({
        url: text.optional().describe("Address that receives samples."),
        sample_rate: number.optional().describe("Share of answers sent, 0 to 1. Default: 0.1."),
        timeout: duration.optional().describe("Longest time for one delivery. Default: 5s."),
        send_full_content: flag.optional().describe("Whether texts are sent uncut. Default: false."),
      })
      .optional()
      .describe("Score by another service."),
  })
  .optional()
  .describe("Scores of answers.");

export const telemetrySchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether traces are exported. Default: false."),
    exporter: text.optional().describe("stdout or otlp. Default: stdout."),
    otlp: z
      .strictObject({
        endpoint: text.optional().describe("Address of the collector."),
        insecure: flag.optional().describe("Whether TLS is left out. Default: false."),
      })
      .optional()
      .describe("OpenTelemetry collector."),
    metrics: z
      .strictObject({
        enabled: flag.optional().describe("Whether metrics are served. Default: false."),
        path: text.optional().describe("Path of the metrics. Default: /metrics."),
      })
      .optional()
      .describe("Prometheus metrics."),
  })
  .optional()
  .describe("Traces and metrics.");

export const webhookSchema = z
  .strictObject({
    url: text.optional().describe("Address that receives events."),
    secret: text.optional().describe("Key of the signature. Secret."),
  })
  .optional()
  .describe("Events sent elsewhere.");

export const databaseSchema = z
  .strictObject({
    enabled: flag.optional().describe("Whether PostgreSQL is used. Default: false, which is the embedded store."),
    conn_string: text.optional().describe("Connection string. Secret."),
  })
  .optional()
  .describe("PostgreSQL store.");
