import { configOption, stderrLogger } from "@graticule/classify";
import { type Command, Option } from "commander";
import { importClimax } from "../training/import-climax.js";

/** Adds what makes a run of published weights: `import`. */
export function addImportCommand(program: Command): void {
  program
    .command("import")
    .description("Make a run of published weights on a store, for rollout, score and plot, or to train on with resume.")
    .argument("<source>", ".ckpt, .pth or .safetensors file, or a folder with one")
    .argument("[overrides...]", "settings as a.b=c, e.g. store=stores/era5 data.leadTimeHours=72")
    .addOption(new Option("--as <family>", "naming of the weights").choices(["climax"]).makeOptionMandatory())
    .requiredOption("-o, --out <folder>", "folder of the new run")
    .addOption(configOption())
    .option("--key <name>", "entry of a .ckpt or .pth file that is the state dict, where several hold tensors")
    .addHelpText(
      "after",
      `
Examples:
  graticule-forecast import 5.625deg.ckpt --as climax --out runs/climax store=stores/era5 data.leadTimeHours=72
  graticule-forecast import last.ckpt --key state_dict --as climax --out runs/tuned store=stores/era5 optimizer.learningRate=5e-7`,
    )
    .action(async (source: string, overrides: string[], flags: { out: string; config: string[]; key?: string }) => {
      const { config: files, key, out } = flags;
      const { checkpoint, inputs, targets } = await importClimax(source, out, {
        ...{ files, overrides, logger: stderrLogger },
        ...(key !== undefined && { key }),
      });
      process.stdout.write(`reads ${inputs.join(", ")}\npredicts ${targets.join(", ")}\ncheckpoint: ${checkpoint}\n`);
    });
}
