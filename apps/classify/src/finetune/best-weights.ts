import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "@graticule/data";
import type { Module } from "@graticule/nn";
import { type Strategy, saveWeights } from "@graticule/train";

const FOLDER = "best";
const FACTS_FILE = "best.json";

/** A validation whose weights are kept; higher scores are better and, of equal ones, the lower loss. */
export interface KeptWeights {
  readonly step: number;
  readonly score: number;
  readonly loss: number;
}

const weightsFile = (runFolder: string, step: number): string =>
  join(runFolder, FOLDER, `step-${String(step).padStart(8, "0")}.safetensors`);

/** Weights that a run has kept up to a step, the best first; what came after it is done again. */
export async function readBest(runFolder: string, lastStep: number): Promise<KeptWeights[]> {
  const text = await readFile(join(runFolder, FOLDER, FACTS_FILE), "utf8").catch(() => "[]");
  return (JSON.parse(text) as KeptWeights[]).filter(({ step }) => step <= lastStep);
}

/** The file of the best weights. */
export function bestWeightsFile(runFolder: string, [best]: readonly KeptWeights[]): string {
  return weightsFile(runFolder, best?.step ?? 0);
}

/**
 * Keeps a model's weights if they are among the best so many; those that are so no more are removed after the facts are
 * written, which therefore never speak of weights that are not there. Each rank calls this.
 */
export async function keepBest(
  runFolder: string,
  model: Module,
  { step, score, loss, count }: KeptWeights & { readonly count: number },
  before: readonly KeptWeights[],
  strategy: Strategy,
): Promise<readonly KeptWeights[]> {
  const ranked = [...before, { step, score, loss }].sort((a, b) => b.score - a.score || a.loss - b.loss);
  const kept = ranked.slice(0, count);
  if (!kept.some((each) => each.step === step)) return before;
  if (strategy.rank === 0) await mkdir(join(runFolder, FOLDER), { recursive: true });
  await strategy.gather(0); // None writes before the folder is there.
  await saveWeights(weightsFile(runFolder, step), model, strategy);
  if (strategy.rank > 0) return kept;
  await writeDurably(join(runFolder, FOLDER, FACTS_FILE), `${JSON.stringify(kept)}\n`);
  for (const { step: old } of ranked.slice(count)) await rm(weightsFile(runFolder, old), { force: true });
  return kept;
}
