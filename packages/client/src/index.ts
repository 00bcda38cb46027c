/**
 * @aegisflow/client: the admin API with types.
 *
 * @example
 * const admin = createAdminClient({ url: "http://127.0.0.1:8081", apiKey: process.env.AEGISFLOW_API_KEY });
 * const { pending } = await admin.call("approvals.list");
 * await admin.call("approvals.approve", { params: { id: "…" }, body: { comment: "looked at the diff" } });
 */
export {
  type AdminClient,
  type AdminClientOptions,
  type AnswerOf,
  type CallInput,
  createAdminClient,
  DOWNLOAD_TIMEOUT_MS_DEFAULT,
  type Page,
  TIMEOUT_MS_DEFAULT,
} from "./admin-client.ts";
