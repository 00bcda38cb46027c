/** aegisctl evidence: what was recorded, exported for strangers, verified without a server. */
import type { Command } from "commander";
import type { CliIo } from "../cli-io.ts";
import { addEvidenceCheckpoint, addEvidenceTrustPolicy } from "./evidence-checkpoint.ts";
import { addEvidenceExport } from "./evidence-export.ts";
import { addEvidenceRecords } from "./evidence-records.ts";
import { addEvidenceRedact } from "./evidence-redact.ts";
import { addEvidenceReport } from "./evidence-report.ts";
import { addEvidenceSessions } from "./evidence-sessions.ts";
import { addEvidenceVerify } from "./evidence-verify.ts";

export function addEvidenceCommands(program: Command, io: CliIo): void {
  const evidence = program.command("evidence").description("list, export, verify and redact evidence");
  addEvidenceSessions(evidence, io);
  addEvidenceRecords(evidence, io);
  addEvidenceExport(evidence, io);
  addEvidenceVerify(evidence, io);
  addEvidenceReport(evidence, io);
  addEvidenceRedact(evidence, io);
  addEvidenceCheckpoint(evidence, io);
  addEvidenceTrustPolicy(evidence, io);
}
