import { appendValue, presetPath, type RunFlags, readConfig } from "@graticule/classify";
import type { Command } from "commander";
import { type PretrainConfig, pretrainConfig } from "./pretrain-config.js";

// Both src/ and dist/ lie one level below the app's folder.
const presetsFolder = new URL("../presets/", import.meta.url);

const DEFAULT_PRESET = "image-folder";

/** Adds the arguments that a new run takes. */
export function addRunOptions(command: Command): Command {
  return command
    .argument("[overrides...]", "settings as a.b=c, e.g. data.root=DIR train.epochs=200")
    .option(
      "-p, --preset <name>",
      "settings to start from: hyperspectral, image-folder, quickstart, ucmerced",
      DEFAULT_PRESET,
    )
    .option(
      "-c, --config <file>",
      "YAML or TypeScript file with settings, which win over the preset; give it again for more",
      appendValue,
      [],
    )
    .option("-o, --out <folder>", "run folder for checkpoints, logs and the report", "runs/pretrain");
}

/** @throws {ConfigError} if there is no such preset, or a setting is wrong. */
export async function readRunSettings(
  overrides: readonly string[],
  { preset = DEFAULT_PRESET, config }: Pick<RunFlags, "preset" | "config">,
): Promise<PretrainConfig> {
  return readConfig(pretrainConfig, { files: [await presetPath(presetsFolder, preset), ...config], overrides });
}
