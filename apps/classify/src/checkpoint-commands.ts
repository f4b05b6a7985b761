import { basename } from "node:path";
import { formatBytes } from "@graticule/core";
import { type CheckedCheckpoint, checkCheckpoint, exportWeights, type FileDigest } from "@graticule/train";
import { type Command, Option } from "commander";
import { formatTable, sizeOption, stderrLogger } from "./command-line.js";
import { checkpointPaths, findCheckpoint } from "./find-checkpoint.js";

/** Adds `verify` and `export`, which work on the checkpoints of any run; under names of others, too, if there are any. */
export function addCheckpointCommands(program: Command, published?: PublishedExport): void {
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

  const command = program
    .command("export")
    .description("Write a checkpoint's weights as whole tensors in safetensors, however many ranks saved them.")
    .argument("<run>", "run folder, for its newest checkpoint, or the folder of one")
    .requiredOption("-o, --out <file>", "e.g. model.safetensors")
    .option("--shard-size <size>", "most bytes of a file, e.g. 5GB: several files and their index", sizeOption)
    .addHelpText(
      "after",
      `\nExamples:\n  ${program.name()} export runs/mine --out model.safetensors\n  ${program.name()} export runs/mine --out model.safetensors --shard-size 5GB`,
    )
    .action(async (run: string, flags: ExportFlags) => {
      const { as, out, shardSize } = flags;
      const files =
        as !== undefined && published
          ? [{ path: out, ...(await published.write(run, out, flags)) }]
          : await exportWeights(
              await findCheckpoint(run, stderrLogger),
              out,
              shardSize === undefined ? {} : { shardBytes: shardSize },
            );
      for (const file of files)
        process.stdout.write(`${file.path}  ${formatBytes(file.bytes)}  sha256 ${file.sha256}\n`);
    });
  if (!published) return;
  command.addOption(
    new Option("--as <family>", "published names and layout, in one file; ours when absent")
      .choices([published.family])
      .conflicts("shardSize"),
  );
  published.addOptions(command);
}

interface ExportFlags {
  readonly out: string;
  readonly shardSize?: number;
  readonly as?: string;
}

/** Names of others that `export --as` can give the tensors of a run. */
export interface PublishedExport {
  /** What `--as` calls them. */
  readonly family: string;
  /** Adds what it takes beside. */
  addOptions(command: Command): void;
  write(run: string, path: string, flags: object): Promise<FileDigest>;
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
