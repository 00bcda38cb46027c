import { bunRuntime } from "../runtime/bun/bun-runtime.ts";
import { approvalStoreContract } from "./approval-store.contract.ts";
import { createEmbeddedApprovalStore } from "./embedded/approval-store.ts";
import { openDatabase } from "./embedded/database.ts";
import { createMemoryApprovalStore } from "./memory/approval-store.ts";

approvalStoreContract("memory", createMemoryApprovalStore);
approvalStoreContract("embedded", () => createEmbeddedApprovalStore(openDatabase(bunRuntime, ":memory:")));
