import { join } from "node:path";
import { formatBytes, GraticuleError } from "@graticule/core";
import { openBackend } from "@graticule/train";
import { type Command, Option } from "commander";
import { type BackendConfig, backendConfig } from "../backend-config.js";
import { numberOption, stderrLogger } from "../command-line.js";
import { makeProgressLine } from "../progress-line.js";
import { assertOwnNames, expandInputs, type PredictInput } from "./map-inputs.js";
import type { ProbabilityFormat } from "./map-layers.js";
import { mapRaster, type RasterMap } from "./map-raster.js";
import { predictImages } from "./predict-images.js";
import { openWindowModel } from "./window-model.js";

interface PredictFlags {
  readonly json?: boolean;
  readonly device: string;
  readonly precision: "fp32" | "bf16";
  readonly batchSize: number;
  readonly out?: string;
  readonly window?: number;
  readonly stride?: number;
  readonly resolution?: number;
  readonly bands?: (string | number)[];
  readonly probabilities: ProbabilityFormat;
}

/** Adds `predict`. */
export function addPredictCommand(program: Command): void {
  const name = `${program.name()} predict`;
  program
    .command("predict")
    .description("Classify images, or map rasters of any size, with a run that was fine-tuned or has a probe.")
    .argument("<run>", "folder of a run that `finetune` made or `probe` was called on")
    .argument("<inputs...>", "JPEG, PNG or TIFF files, folders of them, or addresses, with the run's channels")
    .option("--json", "print one line of JSON for each image or raster")
    .option("-o, --out <folder>", "map each input, a GeoTIFF, window by window, to GeoTIFFs in this folder")
    .option("--window <pixels>", "height of a window in a raster's pixels; what the model sees if absent", count)
    .option("--stride <pixels>", "step from window to window; half a window if absent", count)
    .option("--resolution <pixels>", "source pixels to a side of one in the map", count, 1)
    .addOption(
      new Option("--probabilities <format>", "map of each class's probability: in steps of 0.004, or as floats")
        .choices(["uint8", "float32", "none"])
        .default("uint8"),
    )
    .option("--bands <list>", "a raster's bands for the run's channels, by name or index from 0: nir,red,2", bandList)
    .option("--batch-size <count>", "images or windows that are computed together", count, 32)
    .option("--device <device>", "cpu, cuda, cuda:1, mps", "cpu")
    .addOption(new Option("--precision <type>", "of products").choices(["fp32", "bf16"]).default("fp32"))
    .addHelpText(
      "after",
      `
Examples:
  ${name} runs/tuned harbor.jpg beach.jpg
  ${name} runs/tuned photos/ --json
  ${name} runs/tuned scene.tif --out maps
  ${name} runs/tuned https://example.org/scene.tif --out maps --window 256 --stride 64 --resolution 8

A map that was interrupted goes on where it stopped when the same command is given again.`,
    )
    .action(async (run: string, given: string[], flags: PredictFlags) => {
      const backend = backendConfig.parse({ device: flags.device, precision: flags.precision });
      const inputs = await expandInputs(given);
      const done =
        flags.out === undefined
          ? await printClasses(run, inputs, backend, flags)
          : await printMaps(run, inputs, flags.out, backend, flags);
      if (done < inputs.length) process.exitCode = 1;
    });
}

const count = numberOption("count");

const bandList = (text: string): (string | number)[] =>
  text.split(",").map((band) => (/^\d+$/.test(band.trim()) ? Number(band) : band.trim()));

/** Classifies images; tells how many could be read. */
async function printClasses(
  run: string,
  inputs: readonly PredictInput[],
  backend: BackendConfig,
  { batchSize, json }: PredictFlags,
): Promise<number> {
  const paths = inputs.map(({ path }) => path);
  const predictions = await predictImages(run, paths, { backend, batchSize }, stderrLogger);
  for (const { path, classes } of predictions) {
    const best = classes[0];
    process.stdout.write(
      json
        ? `${JSON.stringify({ path, classes })}\n`
        : `${path}  ${best?.name}  ${(100 * (best?.probability ?? 0)).toFixed(1)} %\n`,
    );
  }
  return predictions.length;
}

/** Maps rasters one after the other; one that can't be mapped is named. Tells how many were. */
async function printMaps(
  run: string,
  inputs: readonly PredictInput[],
  out: string,
  backend: BackendConfig,
  flags: PredictFlags,
): Promise<number> {
  assertOwnNames(inputs);
  await openBackend(backend, stderrLogger);
  const model = await openWindowModel(run);
  const showProgress = makeProgressLine(process.stderr);
  let done = 0;
  try {
    for (const { path, name } of inputs) {
      const { window: windowHeight, stride, resolution, bands, probabilities, batchSize, precision } = flags;
      try {
        const map = await mapRaster(model, path, join(out, name), {
          ...{ probabilities, batchSize, precision, logger: stderrLogger },
          ...(windowHeight !== undefined && { windowHeight }),
          ...(stride !== undefined && { stride }),
          ...(resolution !== undefined && { resolution }),
          ...(bands && { bands }),
          onProgress: (stage, finished, total) => showProgress(`${name}: ${stage}`, finished, total),
        });
        process.stdout.write(flags.json ? `${JSON.stringify(map)}\n` : `${summary(map)}\n`);
        done += 1;
      } catch (error) {
        if (inputs.length === 1 || !(error instanceof GraticuleError)) throw error;
        stderrLogger.error(`skipped ${error.message}`);
      }
    }
  } finally {
    model.dispose();
  }
  return done;
}

function summary({ source, files, windows, seconds, bytes }: RasterMap): string {
  const speed =
    seconds > 0
      ? `${windows} windows, ${(windows / seconds).toPrecision(3)} a second, ${formatBytes(bytes / seconds)}/s`
      : "there already";
  return [`${source}: ${speed}`, ...files.map((file) => `  ${file}`)].join("\n");
}
