/** Which settings only take effect at the next start: a reload that changes one says so instead of pretending. */
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import { valueAt } from "@aegisflow/core/config/key-path";

/** What is opened once: listeners, folders, the evidence log, the log's own form. */
export const RESTART_KEYS: readonly string[] = [
  "server.host",
  "server.port",
  "server.admin_port",
  "data_dir",
  "logging.level",
  "logging.format",
  "mcp_gateway.enabled",
  "mcp_gateway.host",
  "mcp_gateway.port",
  "evidence.log_name",
  "evidence.checkpoint_interval",
  "evidence.heads_interval",
];

/** Keys of `RESTART_KEYS` that differ between what was started and what is configured now. */
export function changedRestartKeys(started: AegisConfig, now: AegisConfig): string[] {
  return RESTART_KEYS.filter((key) => {
    const path = key.split(".");
    return valueAt(started, path) !== valueAt(now, path);
  });
}
