/** The transports on the second runtime. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startEverythingServer } from "../../../../../../tests/conformance/everything-server.ts";

test("stdio and both eras of HTTP work on Node 24 as they do on Bun", async () => {
  const server = startEverythingServer(0);
  const here = (file: string): string => join(import.meta.dir, file);
  const node = join(import.meta.dir, "../../../../../../node_modules/.bin/node");
  const child = Bun.spawn({
    cmd: [node, here("upstreams-on-node.ts"), here("nasty-server.ts"), server.url],
    stderr: "inherit",
  });
  const lines = (await new Response(child.stdout).text()).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    [
      "stdio",
      expect.stringMatching(
        /^zwölf Äpfel für 3 € 🍏\|.*exited with code 3 while the call was under way.*\|after the banner$/u,
      ),
    ],
    ["modern", "[0,50,100]"],
    ["legacy", "[0,50,100]"],
  ]);
  await server.close();
});
