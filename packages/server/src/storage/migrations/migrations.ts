/**
 * Every change of the embedded database, in order, forward only. To add one: a new file `NNNN-name.ts` with the
 * next number (one table family each) and its line in the list; an applied migration is never edited.
 */

import { approvalsMigration } from "./0001-approvals.ts";
import { apiKeysMigration } from "./0002-api-keys.ts";
import { toolPinsMigration } from "./0003-tool-pins.ts";
import { configVersionsMigration } from "./0004-config-versions.ts";
import { breakGlassMigration } from "./0005-break-glass.ts";
import { evidenceAnchorMigration } from "./0006-evidence-anchor.ts";

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  approvalsMigration,
  apiKeysMigration,
  toolPinsMigration,
  configVersionsMigration,
  breakGlassMigration,
  evidenceAnchorMigration,
];
