/**
 * The verifier in a browser: verifies the bundle that the page carries, with WebCrypto's Ed25519 where the browser
 * has it and with ours, and leaves both results in the document. Built and opened by `browser.test.ts`.
 */
import { verifyEd25519 } from "./ed25519.ts";
import { utf8Encode } from "./encoding.ts";
import { portableCrypto } from "./portable-crypto.ts";
import { renderTerminal } from "./report.ts";
import { parseTrustPolicy } from "./trust-policy.ts";
import { verifyBundle } from "./verify-bundle.ts";

function carried(id: string): string {
  const text: unknown = JSON.parse(document.getElementById(id)?.textContent ?? '""');
  return String(text);
}

async function verifyCarried(): Promise<string> {
  const bytes = utf8Encode(carried("bundle"));
  const policy = parseTrustPolicy(portableCrypto, carried("policy"));
  const own = { ...portableCrypto, verifyEd25519 };
  const reports = await Promise.all([portableCrypto, own].map((crypto) => verifyBundle(bytes, { crypto, policy })));
  return reports.map(renderTerminal).join("---\n");
}

const result = document.createElement("pre");
result.id = "result";
result.textContent = await verifyCarried().catch((error: unknown) => `threw: ${String(error)}`);
document.body.append(result);
