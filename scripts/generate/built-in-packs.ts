/** The texts of the shipped policy packs as a module, so that a single binary holds them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @param root the repository; packs are `policy-packs/<name>.yaml`, their cases `<name>.cases.yaml`. */
export function builtInPackTexts(root: string): string {
  const folder = join(root, "policy-packs");
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /^[a-z0-9-]+\.yaml$/.test(file)) : [];
  const entries = files.sort().map((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return `  ${JSON.stringify(file.replace(/\.yaml$/, ""))}: ${JSON.stringify(text)},\n`;
  });
  return `/** Made by \`npm run generate\` from policy-packs; edit the packs, not this file. */
export const BUILT_IN_PACK_TEXTS: Readonly<Record<string, string>> = {
${entries.join("")}};
`;
}
