import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { appendValue, readConfig } from "@graticule/classify";
import { ConfigError } from "@graticule/core";
import type { Command } from "commander";
import { type PretrainConfig, pretrainConfig } from "./pretrain-config.js";

// Both src/ and dist/ lie one level below the app's folder.
const presetsFolder = new URL("../presets/", import.meta.url);

/** Where a run's settings come from and where it goes. */
export interface RunFlags {
  readonly preset: string;
  readonly config: readonly string[];
  readonly out: string;
}

/** Adds the arguments that a new run takes. */
export function addRunOptions(command: Command): Command {
  return command
    .argument("[overrides...]", "settings as a.b=c, e.g. data.root=DIR train.epochs=200")
    .option(
      "-p, --preset <name>",
      "settings to start from: hyperspectral, image-folder, quickstart, ucmerced",
      "image-folder",
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
  { preset, config }: Pick<RunFlags, "preset" | "config">,
): Promise<PretrainConfig> {
  return readConfig(pretrainConfig, { files: [await presetPath(preset), ...config], overrides });
}

async function presetPath(name: string): Promise<string> {
  const names = (await readdir(presetsFolder)).map((file) => file.replace(/\.yaml$/, ""));
  if (!names.includes(name))
    throw new ConfigError(
      `--preset: expected one of ${names.join(", ")}, got '${name}'. Or give a file with --config.`,
    );
  return fileURLToPath(new URL(`${name}.yaml`, presetsFolder));
}
