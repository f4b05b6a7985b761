import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root, stateFolder } from "../setup/project.mjs";
import { run } from "../setup/run.mjs";

const reportFile = join(stateFolder, "tmp", "vitest.json");
const TIMEOUT_SECONDS = 3600;

/**
 * Runs every test of the workspace.
 *
 * @param {Record<string, string>} env added to the environment
 * @returns {Promise<{ passed: number, failed: number, skipped: number, summary: string, details: string }>}
 *   `details`: vitest's whole output if anything failed, then the skipped tests
 */
export async function runVitest(env) {
  mkdirSync(dirname(reportFile), { recursive: true });
  rmSync(reportFile, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const { ok, output } = await run("vitest", ["run", ...reporters], { env, timeoutSeconds: TIMEOUT_SECONDS });
  const counts = countResults(existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, "utf8")) : undefined);
  // A crash of vitest itself, or an error outside of any test, shows in the exit status only.
  if (!ok && counts.failed === 0) counts.failed = 1;
  return {
    passed: counts.passed,
    failed: counts.failed,
    skipped: counts.skipped.length,
    summary: `${counts.passed} passed${counts.failed > 0 ? `, ${counts.failed} failed` : ""}`,
    details: [ok ? "" : output, ...counts.skipped.map((line) => `  skipped: ${line}`)].filter(Boolean).join("\n"),
  };
}

/** Counts the tests of vitest's JSON report; a file that failed before its first test counts as one failure. */
export function countResults(report) {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) =>
    file.assertionResults.map((result) => ({ ...result, file: relative(root, file.name) })),
  );
  const brokenFiles = files.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return {
    passed: tests.filter(({ status }) => status === "passed").length,
    failed: tests.filter(({ status }) => status === "failed").length + brokenFiles.length,
    skipped: tests
      .filter(({ status }) => !["passed", "failed"].includes(status))
      .map(({ file, fullName }) => `${file}: ${fullName}`),
  };
}
