import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../setup/project.mjs";
import { countResults } from "../run-vitest.mjs";

const file = (name: string, status: string, ...tests: [string, string][]) => ({
  name: join(root, name),
  status,
  assertionResults: tests.map(([fullName, status]) => ({ fullName, status })),
});

test("tests are counted by status, and a file that breaks before its first test is one failure", () => {
  const report = {
    testResults: [
      file("a.test.ts", "passed", ["adds", "passed"], ["needs a GPU", "skipped"], ["later", "todo"]),
      file("b.test.ts", "failed", ["subtracts", "failed"], ["divides", "passed"]),
      file("c.test.ts", "failed"),
    ],
  };
  expect(countResults(report)).toEqual({
    passed: 2,
    failed: 2,
    skipped: ["a.test.ts: needs a GPU", "a.test.ts: later"],
  });
});

test("no report counts as nothing", () => {
  expect(countResults(undefined)).toEqual({ passed: 0, failed: 0, skipped: [] });
});
