import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "@graticule/data";
import type { Module } from "@graticule/nn";
import { loadWeights, type Strategy, saveWeights, singleDevice } from "@graticule/train";

const WEIGHTS_FILE = "best.safetensors";
const FACTS_FILE = "best.json";

/** The best validation of a run. */
export interface BestValidation {
  readonly step: number;
  readonly loss: number;
  readonly sha256: string;
  /** Whether corrections were weighed by `fitCorrectionGate`. */
  readonly calibrated: boolean;
}

/** What a run's best weights are; undefined if it has none. */
export async function readBest(runFolder: string): Promise<BestValidation | undefined> {
  const text = await readFile(join(runFolder, FACTS_FILE), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as BestValidation);
}

/**
 * Keeps a model's weights as the run's best: the facts are written last, so that they never speak of older weights. Each
 * rank calls this.
 */
export async function writeBest(
  runFolder: string,
  model: Module,
  facts: Pick<BestValidation, "step" | "loss" | "calibrated">,
  strategy: Strategy,
): Promise<BestValidation> {
  const sha256 = await saveWeights(join(runFolder, WEIGHTS_FILE), model, strategy);
  const best = { ...facts, sha256 };
  if (strategy.rank === 0) await writeDurably(join(runFolder, FACTS_FILE), `${JSON.stringify(best)}\n`);
  return best;
}

/** Loads a run's best weights into a model, or a rank's parts of it. */
export function loadBest(runFolder: string, model: Module, held: Strategy = singleDevice()): Promise<void> {
  return loadWeights(join(runFolder, WEIGHTS_FILE), model, held);
}
