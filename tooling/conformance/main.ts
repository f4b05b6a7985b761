import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { type BackendName, backendNames, bundleSuite } from "./bundle-suite.js";

interface Options {
  readonly backend: BackendName;
  readonly device: string;
  readonly json?: boolean;
  readonly bundle?: string;
}

/** Runs a bundle in a process of its own, so that native code that aborts is a result too. */
function runBundle(file: string, { device, json }: Options): number {
  const args = [file, "--device", device, ...(json ? ["--json"] : [])];
  const { status, signal } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (signal) process.stderr.write(`conformance: the tests were stopped by ${signal}.\n`);
  return status ?? 1;
}

/** `npm run conformance -- [--backend torch] [--json]`: tfjs-core's own tests on a backend. */
const program = new Command("conformance")
  .description("Runs the conformance tests that tfjs-core ships on a backend.")
  .addOption(new Option("--backend <name>", "the backend under test").choices(backendNames).default("torch"))
  .option("--device <name>", "device of the torch backend: cpu, cuda, mps", "cpu")
  .option("--json", "print one line of JSON: {backend, device, specs, failures, excluded, pending, seconds, failed}")
  .option("--bundle <file>", "only write the tests to one .cjs file, which `node FILE [--device NAME] [--json]` runs")
  .action(async (options: Options) => {
    if (options.bundle !== undefined) {
      await bundleSuite(options.backend, options.bundle);
      process.stdout.write(
        `Run it with \`node ${options.bundle} [--device NAME] [--json]\`; $GRATICULE_TORCH_PACKAGE is the folder ` +
          "of tfjs-backend-torch whose build/ holds the addon, if not this tree's.\n",
      );
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), "graticule-conformance-"));
    try {
      const file = join(folder, "conformance.cjs");
      await bundleSuite(options.backend, file);
      process.exitCode = runBundle(file, options);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

await program.parseAsync();
