import type { Command } from "commander";
import type { z } from "zod";
import { configOption } from "../command-line.js";
import { presetPath } from "../preset-path.js";
import { readConfig } from "../read-config.js";
import type { SharedRunConfig } from "./rank-share.js";

/** Where a run's settings come from and where it goes. */
export interface RunFlags {
  readonly preset?: string;
  readonly config: readonly string[];
  readonly out: string;
}

/** What the settings of a program's runs are, and where they are found. */
export interface RunSettings<S extends z.ZodType<SharedRunConfig>> {
  readonly schema: S;
  readonly presets: {
    readonly folder: URL;
    readonly names: readonly string[];
    /** The one that a run starts from unless told; none unless given. */
    readonly usual?: string;
  };
  /** Folder of a run unless told. */
  readonly out: string;
  /** Overrides that show what may be set. */
  readonly example: string;
}

/** Adds the arguments that a new run takes. */
export function addRunOptions(
  command: Command,
  { presets, out, example }: RunSettings<z.ZodType<SharedRunConfig>>,
): Command {
  return command
    .argument("[overrides...]", `settings as a.b=c, e.g. ${example}`)
    .option("-p, --preset <name>", `settings to start from: ${presets.names.join(", ")}`, presets.usual)
    .addOption(configOption())
    .option("-o, --out <folder>", "run folder for checkpoints, logs and the report", out);
}

/** @throws {ConfigError} if there is no such preset, or a setting is wrong. */
export async function readRunSettings<S extends z.ZodType<SharedRunConfig>>(
  { schema, presets }: RunSettings<S>,
  overrides: readonly string[],
  { preset = presets.usual, config }: Pick<RunFlags, "preset" | "config">,
): Promise<z.output<S>> {
  const files = [...(preset === undefined ? [] : [await presetPath(presets.folder, preset)]), ...config];
  return readConfig(schema, { files, overrides });
}
