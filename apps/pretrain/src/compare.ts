import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, silentLogger } from "@graticule/core";
import { readMetrics, type TrainOptions } from "@graticule/train";
import { pretrain } from "./pretrain.js";
import type { PretrainConfig } from "./pretrain-config.js";

/** One of the settings that are compared. */
export interface Variant {
  readonly name: string;
  readonly config: PretrainConfig;
}

/** Held-out losses of a variant, one run for each seed. */
export interface VariantLosses {
  readonly name: string;
  /** At the end of each run. */
  readonly losses: readonly number[];
  readonly mean: number;
  /** Largest less smallest. */
  readonly spread: number;
  /** Steps of the validations, and each run's loss there. */
  readonly steps: readonly number[];
  readonly curves: readonly (readonly number[])[];
}

export interface Comparison {
  readonly seeds: readonly number[];
  readonly variants: readonly VariantLosses[];
  /** Largest difference between the means of two variants. */
  readonly difference: number;
  /** Largest spread of a variant's runs. */
  readonly spread: number;
}

/**
 * Trains each variant with each seed into a folder of its own, `FOLDER/NAME-seed-N`; finished runs are kept, interrupted
 * ones go on. Held-out losses are under the same masks for all.
 *
 * @returns undefined if a signal ended it before its end.
 */
export async function compare(
  folder: string,
  variants: readonly Variant[],
  seeds: readonly number[],
  options: { readonly logger?: Logger; readonly progressStream?: NonNullable<TrainOptions["progressStream"]> } = {},
): Promise<Comparison | undefined> {
  const { logger = silentLogger } = options;
  await mkdir(folder, { recursive: true });
  const runFolder = (name: string, seed: number): string => join(folder, `${name}-seed-${seed}`);
  for (const seed of seeds)
    for (const { name, config } of variants) {
      logger.info(`${name}, seed ${seed}`);
      const { stopped } = await pretrain(runFolder(name, seed), withSeed(config, seed), { ...options, resume: true });
      if (stopped) return undefined;
    }
  const results: VariantLosses[] = [];
  for (const { name } of variants) {
    const runs = [];
    for (const seed of seeds) runs.push((await readMetrics(runFolder(name, seed))).evaluations);
    const curves = runs.map((evaluations) => evaluations.map(({ evaluation }) => evaluation.loss as number));
    const losses = curves.map((curve) => curve.at(-1) as number);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const steps = (runs[0] ?? []).map(({ step }) => step);
    results.push({ name, losses, mean, spread: rangeOf(losses), steps, curves });
  }
  return {
    seeds,
    variants: results,
    difference: rangeOf(results.map(({ mean }) => mean)),
    spread: Math.max(...results.map(({ spread }) => spread)),
  };
}

/** A configuration with another seed, validated often enough to draw. */
function withSeed(config: PretrainConfig, seed: number): PretrainConfig {
  const { validateEveryEpochs = 1 } = config.train;
  return { ...config, seed, train: { ...config.train, validateEveryEpochs } };
}

function rangeOf(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
