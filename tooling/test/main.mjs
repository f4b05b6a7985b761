// `npm test`: set-up, every check, every test. The last line is `N passed, N failed[, N skipped]`; each check counts
// as one test.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../setup/project.mjs";
import { run } from "../setup/run.mjs";
import { runVitest } from "./run-vitest.mjs";

const checks = [
  { title: "format and lint", command: ["biome", "check", "--error-on-warnings", "."] },
  { title: "types", command: ["tsc", "-p", "tsconfig.json", "--noEmit"] },
  { title: "import direction", command: [process.execPath, "tooling/check/imports.mjs"] },
  { title: "unused code", command: ["knip", "--no-progress", "--no-config-hints"] },
  { title: "packages", command: [process.execPath, "tooling/check/packages.mjs"] },
];

const plain = process.stdout.isTTY ? {} : { NO_COLOR: "1", FORCE_COLOR: "" };
const total = { passed: 0, failed: 0, skipped: 0 };

/** Runs one part and prints its line: `check 2/5 types … ok (12 s)`, and below it what went wrong. */
async function part(label, work) {
  const start = Date.now();
  process.stdout.write(`${label} … `);
  const { passed, failed, skipped, summary, details } = await work();
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  process.stdout.write(`${summary} (${((Date.now() - start) / 1000).toFixed(0)} s)\n`);
  if (details) process.stdout.write(`${details.trimEnd()}\n`);
}

const setUp = spawnSync(process.execPath, [join(root, "tooling/setup/main.mjs")], { cwd: root, stdio: "inherit" });
if (setUp.status === 0) {
  for (const [index, { title, command }] of checks.entries())
    await part(`check ${index + 1}/${checks.length} ${title}`, async () => {
      const { ok, output } = await run(command[0], command.slice(1), { env: plain });
      return ok
        ? { passed: 1, failed: 0, skipped: 0, summary: "ok" }
        : { passed: 0, failed: 1, skipped: 0, summary: "failed", details: output };
    });
  await part("tests", () => runVitest(plain));
} else {
  total.failed += 1;
}

process.exitCode = total.failed > 0 ? 1 : 0;
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
