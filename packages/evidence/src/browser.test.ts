import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { simulateWorld } from "./simulation/simulated-world.ts";

const TIMEOUT_MS = 90_000;
const CHROMIUM = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== "" && existsSync(path));

async function buildPage(bundle: string, policy: string): Promise<string> {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "browser-page.ts")],
    target: "browser",
    format: "esm",
  });
  const [script] = built.outputs;
  const data = (id: string, text: string): string =>
    `<script type="application/json" id="${id}">${JSON.stringify(text).replaceAll("<", "\\u003c")}</script>`;
  return `<!doctype html><meta charset="utf-8"><body>${data("bundle", bundle)}${data("policy", policy)}<script type="module">${(await script?.text())?.replaceAll("</", "<\\/")}</script>`;
}

async function openPage(html: string): Promise<string> {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(html, { headers: { "content-type": "text/html" } }),
  });
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--virtual-time-budget=20000",
    "--dump-dom",
  ];
  const browser = Bun.spawn([CHROMIUM ?? "", ...flags, `http://127.0.0.1:${server.port}/`], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const dom = await new Response(browser.stdout).text();
  await browser.exited;
  return /<pre id="result">([^<]*)/.exec(dom)?.[1] ?? dom.slice(-2000);
}

const { log, session } = simulateWorld(21, { actionsMax: 5, witnesses: 2, hidden: true });
const bundle = log.exportBundle(session.tenant, session.sid);

test.skipIf(CHROMIUM === undefined)(
  CHROMIUM === undefined
    ? "the verifier runs in a browser (skipped: no chromium found, set CHROMIUM)"
    : "the verifier runs in a browser, with the browser's Ed25519 and with ours",
  async () => {
    const [native, own] = (await openPage(await buildPage(bundle, log.trustPolicy()))).split("---\n");
    expect(native).toMatch(/consistent {2}PASS[\s\S]*complete {4}PASS[\s\S]*existed-at {2}PASS[\s\S]*paired {6}PASS/);
    expect(own).toBe(native ?? "");
    const forged = await openPage(
      await buildPage(bundle.replace('"effect":"review"', '"effect":"allow"'), log.trustPolicy()),
    );
    expect(forged).toMatch(/consistent {2}FAIL/);
  },
  TIMEOUT_MS,
);
