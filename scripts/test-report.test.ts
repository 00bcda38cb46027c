import { describe, expect, test } from "bun:test";
import { isAvoidableSkip, parseTestReport, totalsLine } from "./test-report.ts";

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="5" failures="1" skipped="3">
  <testsuite name="a.test.ts" file="a.test.ts">
    <testcase name="reads a &lt;tag> &amp; &quot;text&quot;" classname="parse()" time="0" file="a.test.ts" line="2" />
    <testcase name="opens the page (needs chromium)" classname="page" time="0" file="a.test.ts"><skipped /></testcase>
    <testcase name="fills a disk (needs root)" classname="" file="b.test.ts"><skipped /></testcase>
    <testcase name="says nothing" classname="" file="b.test.ts"><skipped message="TODO" /></testcase>
    <testcase name="breaks" classname="" file="b.test.ts"><failure message="a /&gt; b">text</failure></testcase>
  </testsuite>
</testsuites>`;

describe("parseTestReport()", () => {
  test("counts passed and failed tests", () => {
    const report = parseTestReport(XML);
    expect([report.passed, report.failed, report.skipped.length]).toEqual([1, 1, 3]);
  });

  test("reads the reason of a skip from the end of its name", () => {
    const [chromium, root, silent] = parseTestReport(XML).skipped;
    expect(chromium).toEqual({ name: "page > opens the page (needs chromium)", file: "a.test.ts", needs: "chromium" });
    expect(root?.needs).toBe("root");
    expect(silent?.needs).toBeUndefined();
  });

  test("reads a reason that says what was not found", () => {
    const xml = '<testcase name="runs (skipped: no node >= 20 found)" file="a.test.ts"><skipped /></testcase>';
    expect(parseTestReport(xml).skipped[0]?.needs).toBe("no node >= 20 found");
  });

  test("reads an empty report as nothing run", () => {
    expect(parseTestReport("")).toEqual({ passed: 0, failed: 0, skipped: [] });
  });
});

describe("isAvoidableSkip()", () => {
  test("accepts only skips that no installation could have avoided", () => {
    expect(parseTestReport(XML).skipped.map(isAvoidableSkip)).toEqual([true, false, true]);
  });
});

describe("totalsLine()", () => {
  test("names skipped tests only when there are some", () => {
    expect(totalsLine(3, 0, 0)).toBe("3 passed, 0 failed");
    expect(totalsLine(3, 1, 2)).toBe("3 passed, 1 failed, 2 skipped");
  });
});
