import { type PublishedExport, stderrLogger } from "@graticule/classify";
import { exportClimax } from "../training/export-climax.js";

/** `export --as climax`. */
export const climaxExport: PublishedExport = {
  family: "climax",
  addOptions(command) {
    command
      .option("--onto <source>", "published weights that keep the variables which the run lacks; for --as")
      .option("--key <name>", "entry of a .ckpt or .pth file that is the state dict, where several hold tensors")
      .addHelpText(
        "after",
        `  ${command.parent?.name()} export runs/tuned --as climax --onto 5.625deg.ckpt --out tuned.safetensors`,
      );
  },
  async write(run, path, flags) {
    const { variables, ...file } = await exportClimax(run, path, { ...flags, logger: stderrLogger });
    process.stdout.write(`variables: ${variables.join(", ")}\n`);
    return file;
  },
};
