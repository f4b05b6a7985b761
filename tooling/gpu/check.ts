import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { launchCommand, type MpiBuild } from "@graticule/mpi";
import { type Outcome, runStage } from "./run-stage.js";
import { datasheetPeak, type Machine, type StepRun, summarize } from "./summary.js";

/**
 * Every check of the torch backend on one device, from the folder that pack.mjs made: builds the addon, runs tfjs's
 * conformance tests, the fused operations against their composed forms, collectives and FSDP on one rank and on two that
 * share the device, where there is an MPI, and training steps beside PyTorch's. A stage that
 * fails is an error in the JSON line, not the end.
 */
const { values: options } = parseArgs({
  options: {
    device: { type: "string", default: "cuda" },
    python: { type: "string", default: "python3" },
    models: { type: "string", default: "base,large,huge" },
    /** Images of a step, one number for each model. */
    batches: { type: "string", default: "256,128,64" },
    /** Timed steps of each side. */
    steps: { type: "string", default: "10" },
    /** Vendor's dense bf16 rate; without it that of the datasheet, where the device is known. */
    "peak-tflops": { type: "string" },
    /** Folder for what each stage found, whole. */
    log: { type: "string" },
    /** For everything; a stage's own limit grows with it. */
    seconds: { type: "string", default: "520" },
  },
});

const dist = dirname(fileURLToPath(import.meta.url));
const backend = dirname(dist);
const pack = dirname(backend);
const start = performance.now();
const elapsed = (): number => (performance.now() - start) / 1000;
let env = process.env;

if (options.log) mkdirSync(options.log, { recursive: true });

/** `share`: the part of all the time that the stage may take. */
async function stage(name: string, share: number, command: string, args: readonly string[]): Promise<Outcome> {
  process.stderr.write(`${name} …\n`);
  const began = elapsed();
  const total = Number(options.seconds);
  const seconds = Math.min(share * total, total - began);
  const outcome = await runStage({ name, command, args, env, seconds });
  if (options.log)
    writeFileSync(join(options.log, `${name.replaceAll(" ", "-")}.json`), `${JSON.stringify(outcome)}\n`);
  process.stderr.write(`${(elapsed() - began).toFixed(1)} s, ${"error" in outcome ? outcome.error : "done"}\n`);
  return outcome;
}

const bundle = (name: string): string => join(dist, `${name}.mjs`);
const onDevice = ["--device", options.device];

const machine = await stage("machine", 0.15, options.python, [join(pack, "torch-machine.py"), options.device]);
const found = "value" in machine ? (machine.value as unknown as Machine) : undefined;
// The conformance tests look for the addon in the folder that the variable names.
env = { ...process.env, GRATICULE_TORCH_PACKAGE: backend, ...(found && { LIBTORCH: found.root }) };

const { href } = pathToFileURL(join(backend, "scripts", "build-addon.mjs"));
const buildScript = `import { buildAddon } from "${href}"; console.log(JSON.stringify(await buildAddon()));`;
const build = await stage("build", 0.4, process.execPath, ["--input-type=module", "--eval", buildScript]);
const ops = await stage("ops", 0.15, process.execPath, [bundle("op-checks"), ...onDevice]);
const conformance = await stage("conformance", 0.25, process.execPath, [
  join(dist, "conformance.cjs"),
  ...onDevice,
  "--json",
]);

const mpiScript = pathToFileURL(join(backend, "mpi", "scripts", "build-addon.mjs")).href;
const mpiBuildScript = `import { buildMpiAddons } from "${mpiScript}"; console.log(JSON.stringify((await buildMpiAddons())[0].mpi));`;
const mpi = await stage("mpi", 0.15, process.execPath, ["--input-type=module", "--eval", mpiBuildScript]);
const ranks: Outcome[] = [];
if ("value" in mpi) {
  // The bundle looks for its addons in the folder beside its own.
  cpSync(join(backend, "mpi", "build"), join(backend, "build"), { recursive: true });
  for (const count of [1, 2]) {
    const program = [process.execPath, bundle("rank-checks"), ...onDevice];
    const [command, ...args] = launchCommand(mpi.value as unknown as MpiBuild, count, program, { threadsPerRank: 0 });
    ranks.push(await stage(`${count} ranks`, 0.1, command as string, args));
  }
} else ranks.push(mpi);

const batches = options.batches.split(",").map(Number);
const models = options.models.split(",").map((model, index) => ({ model, batch: batches[index] ?? 64 }));
const runs = models.map((run) => ({ ...run, dtype: "bf16" as "bf16" | "fp32" }));
const steps: StepRun[] = [];
for (const run of [...runs, ...runs.slice(0, 1).map((first) => ({ ...first, dtype: "fp32" as const }))]) {
  const flags = { ...run, threads: Math.min(16, availableParallelism()), steps: options.steps, device: options.device };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const title = `step ${run.model} ${run.dtype}`;
  const settings = JSON.stringify({
    ...flags,
    task: "step",
    backend: "torch",
    steps: Number(options.steps),
    warmupSteps: 2,
  });
  const ours = await stage(title, 0.2, process.execPath, [bundle("step"), settings]);
  const peer = join(pack, "mae_step.py");
  const pytorch: Outcome = existsSync(peer)
    ? await stage(`${title} in PyTorch`, 0.2, options.python, [join(pack, "pytorch-step.py"), peer, ...args])
    : { error: "the pack holds no peer script" };
  steps.push({ ...run, ours, pytorch });
}

const statedPeak = options["peak-tflops"] ? Number(options["peak-tflops"]) : datasheetPeak(found?.device ?? "");
const summary = summarize({ machine, build, conformance, ops, ranks, steps, statedPeak, seconds: elapsed() });
process.stdout.write(`${JSON.stringify(summary)}\n`);
