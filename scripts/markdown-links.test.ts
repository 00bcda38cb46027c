import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const repository = join(import.meta.dirname, "..");

function markdownFiles(): string[] {
  const pages = readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" }).map(
    (path) => `docs/${path}`,
  );
  return [...readdirSync(repository), ...pages].filter((path) => path.endsWith(".md"));
}

test.each(markdownFiles())("every relative link of %s leads somewhere", (page) => {
  const text = readFileSync(join(repository, page), "utf8").replace(/```[\s\S]*?```/g, "");
  const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
  const broken = targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(repository, dirname(page), target))
    .filter((path) => !existsSync(path));
  expect(broken.map((path) => relative(repository, path))).toEqual([]);
});
