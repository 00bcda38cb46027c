/**
 * Reads what `bun test` wrote as JUnit XML: totals, and each skipped test with the reason its name gives.
 * A test that cannot run says why at the end of its name, in parentheses: `opens the page (needs chromium)`, or
 * `(skipped: no chromium found)`.
 */

export interface SkippedTest {
  readonly name: string;
  readonly file: string;
  /** Text after `needs ` or `skipped: `, or undefined when the name gives no reason. */
  readonly needs: string | undefined;
}

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
}

/** Things no package manager can add to a machine: a test that needs one of them may be skipped even in a strict run. */
const HOST_PROPERTIES = ["root", "kernel", "linux"];

export function parseTestReport(xml: string): TestReport {
  let passed = 0;
  let failed = 0;
  const skipped: SkippedTest[] = [];
  for (const [, attributes = "", selfClosed, body = ""] of xml.matchAll(
    /<testcase ((?:[^">]|"[^"]*")*?)(?:(\/)>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    if (selfClosed === undefined && body.includes("<skipped")) skipped.push(toSkippedTest(attributes));
    else if (selfClosed === undefined && /<(?:failure|error)\b/.test(body)) failed += 1;
    else passed += 1;
  }
  return { passed, failed, skipped };
}

/** True when somebody could have installed what the test needs, or when it does not say what that is. */
export function isAvoidableSkip(test: SkippedTest): boolean {
  const needs = test.needs;
  return needs === undefined || !HOST_PROPERTIES.some((property) => needs.startsWith(property));
}

/** The last line of a run, read by people and by CI. */
export function totalsLine(passed: number, failed: number, skipped: number): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

function toSkippedTest(attributes: string): SkippedTest {
  const suite = attribute(attributes, "classname");
  const title = attribute(attributes, "name");
  const name = suite === "" ? title : `${suite} > ${title}`;
  return { name, file: attribute(attributes, "file"), needs: /\((?:needs|skipped:) ([^()]+)\)\s*$/.exec(title)?.[1] };
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replace(/&(lt|gt|quot|apos|amp|#10);/g, (whole, entity: string) => XML_ENTITIES[entity] ?? whole);
}

const XML_ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&", "#10": " " };
