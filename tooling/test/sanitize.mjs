// Runs the unit tests of the native code on an addon that checks addresses and undefined behaviour; fails on any report.
import { execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const build = fileURLToPath(new URL("../../packages/tfjs-backend-torch/scripts/build-addon.mjs", import.meta.url));
const suites = process.argv.length > 2 ? process.argv.slice(2) : ["packages/tfjs-backend-torch", "packages/ops"];

execFileSync(process.execPath, [build, "--sanitize"], { stdio: "inherit", cwd: root });

const library = (name) =>
  execFileSync(process.env.CXX ?? "g++", [`-print-file-name=${name}`], { encoding: "utf8" }).trim();
const env = {
  ...process.env,
  // Node itself is not built with the checks, so their library must come first.
  LD_PRELOAD: [library("libasan.so"), library("libstdc++.so.6")].join(" "),
  // Node and LibTorch leave memory to the operating system when they end.
  ASAN_OPTIONS: "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1",
  UBSAN_OPTIONS: "print_stacktrace=1",
  GRATICULE_TORCH_BUILD: "build-sanitize",
  // Each tensor in a block of its own: a step over its end is seen.
  GRATICULE_TORCH_ALLOCATOR: "malloc",
};
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
const args = [vitest, "run", "--maxWorkers=1", "--testTimeout=300000", ...suites];
const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
let reports = "";
for (const stream of [child.stdout, child.stderr]) {
  stream.on("data", (chunk) => {
    process.stdout.write(chunk);
    reports += chunk;
  });
}
child.on("close", (code, signal) => {
  const found = /ERROR: AddressSanitizer|runtime error:/.test(reports);
  if (found) console.error("sanitize: a checker reported an error, see above.");
  process.exitCode = found || signal ? 1 : (code ?? 1);
});
