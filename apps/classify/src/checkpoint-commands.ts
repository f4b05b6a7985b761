import { basename } from "node:path";
import { formatBytes } from "@graticule/core";
import { type CheckedCheckpoint, checkCheckpoint, exportWeights } from "@graticule/train";
import type { Command } from "commander";
import { formatTable, sizeOption, stderrLogger } from "./command-line.js";
import { checkpointPaths, findCheckpoint } from "./find-checkpoint.js";

/** Adds `verify` and `export`, which work on the checkpoints of any run. */
export function addCheckpointCommands(program: Command): void {
  program
    .command("verify")
    .description("Check the hashes and the completeness of a run's checkpoints; exit code 1 if something is wrong.")
    .argument("<run>", "run folder, or the folder of one checkpoint")
    .addHelpText(
      "after",
      `\nExamples:\n  ${program.name()} verify runs/mine\n  ${program.name()} verify runs/mine/checkpoints/step-00000200`,
    )
    .action(async (run: string) => {
      for (const path of await checkpointPaths(run)) {
        const checkpoint = await checkCheckpoint(path);
        process.stdout.write(`${describeCheck(checkpoint)}\n`);
        if (!checkpoint.isValid) process.exitCode = 1;
      }
    });

  program
    .command("export")
    .description("Write a checkpoint's weights as whole tensors in safetensors, however many ranks saved them.")
    .argument("<run>", "run folder, for its newest checkpoint, or the folder of one")
    .requiredOption("-o, --out <file>", "e.g. model.safetensors")
    .option("--shard-size <size>", "most bytes of a file, e.g. 5GB: several files and their index", sizeOption)
    .addHelpText(
      "after",
      `\nExamples:\n  ${program.name()} export runs/mine --out model.safetensors\n  ${program.name()} export runs/mine --out model.safetensors --shard-size 5GB`,
    )
    .action(async (run: string, { out, shardSize }: { out: string; shardSize?: number }) => {
      const checkpoint = await findCheckpoint(run, stderrLogger);
      const files = await exportWeights(checkpoint, out, shardSize === undefined ? {} : { shardBytes: shardSize });
      for (const file of files)
        process.stdout.write(`${file.path}  ${formatBytes(file.bytes)}  sha256 ${file.sha256}\n`);
    });
}

function describeCheck({ path, state, files, faults, isValid }: CheckedCheckpoint): string {
  const rows = [...files]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, bytes, sha256, fault }) => [
      name,
      bytes === undefined ? "" : formatBytes(bytes),
      sha256?.slice(0, 12) ?? "",
      fault ?? "ok",
    ]);
  const outcome = isValid ? `valid, of step ${state?.step}` : "NOT VALID";
  return [`${basename(path)}: ${outcome}`, formatTable(["file", "size", "sha256", "found"], rows), ...faults, ""].join(
    "\n",
  );
}
