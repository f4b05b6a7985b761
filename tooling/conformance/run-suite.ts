// The program inside a bundle: `node BUNDLE [--device cuda] [--json]`.
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util.js";
import exclusions from "./exclusions.json" with { type: "json" };
import { type Exclusion, runSpecs, type SpecCounts } from "./run-specs.js";

interface Suite {
  readonly backend: string;
  /** Makes the backend ready and describes it; throws where it can't run. */
  readonly openBackend: (device: string) => string;
  /** Loads tfjs-core's tests, which describe themselves as they load. */
  readonly loadTests: () => void;
}

function summarize(backend: string, description: string, counts: SpecCounts, seconds: number): string {
  const { specs, failures, excluded, pending } = counts;
  return [
    ...failures.map(({ spec, message }) => `FAILED ${spec}\n       ${message}`),
    `conformance of ${backend} (${description}): ${specs} specs, ${failures.length} failures, ${excluded} excluded, ` +
      `${pending} pending in tfjs-core itself, ${seconds} s`,
  ].join("\n");
}

/** Runs tfjs-core's conformance tests on one backend and prints what came of it; the exit code is 1 on failures. */
export async function runSuite({ backend, openBackend, loadTests }: Suite): Promise<void> {
  const json = process.argv.includes("--json");
  const deviceAt = process.argv.indexOf("--device");
  const device = deviceAt < 0 ? "cpu" : (process.argv[deviceAt + 1] ?? "");
  const start = performance.now();
  let description: string;
  try {
    description = openBackend(device);
  } catch (error) {
    process.stderr.write(`conformance: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
    return;
  }
  // Backends greet and warn as tests provoke them; that is no result.
  for (const method of ["log", "info", "warn", "error"] as const) console[method] = () => {};
  setTestEnvs([{ name: backend, backendName: backend, flags: {}, isDataSync: true }]);
  loadTests();
  const counts = await runSpecs((exclusions as Exclusion[]).filter((exclusion) => exclusion.backend === backend));
  const seconds = Number(((performance.now() - start) / 1000).toFixed(1));
  const { specs, failures, excluded, pending } = counts;
  const report = { backend, device, specs, failures: failures.length, excluded, pending, seconds, failed: failures };
  process.stdout.write(`${json ? JSON.stringify(report) : summarize(backend, description, counts, seconds)}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}
