import { rename, rm } from "node:fs/promises";
import type { Module } from "@graticule/nn";
import { exportWeights } from "./export-weights.js";
import { verifyCheckpoint } from "./load-checkpoint.js";
import { tensorEntry, writeSafetensors } from "./safetensors-file.js";
import { saveCheckpoint } from "./save-checkpoint.js";
import type { Strategy } from "./strategy.js";
import { together } from "./together.js";

/**
 * Writes a model's weights into one safetensors file of whole tensors, whichever processes hold which parts of them; the
 * file gets its name when it is complete. Each process calls this. Returns the file's SHA-256.
 *
 * @throws {CheckpointError} if a process can't write its part.
 */
export async function saveWeights(path: string, model: Module, strategy: Strategy): Promise<string> {
  if (strategy.parts.size > 0) return joinParts(path, model, strategy);
  const [digest] = await together(strategy, () => (strategy.rank === 0 ? writeWhole(path, model) : ""));
  return digest as string;
}

async function writeWhole(path: string, model: Module): Promise<string> {
  const entries = [...model.stateDict()].map(([name, tensor]) => tensorEntry(name, tensor));
  const { sha256 } = await writeSafetensors(`${path}.partial`, entries, { format: "pt" });
  await rename(`${path}.partial`, path);
  return sha256;
}

/** Processes write their parts into a checkpoint aside, of which process 0 then makes the file. */
async function joinParts(path: string, model: Module, strategy: Strategy): Promise<string> {
  const runFolder = `${path}.parts`;
  const checkpoint = await saveCheckpoint({
    runFolder,
    keep: 1,
    state: { step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0, seed: 0, config: {}, schema: [] },
    model: model.stateDict(),
    optimizer: { tensors: new Map(), updates: {} },
    strategy,
  });
  const [digest] = await together(strategy, async () => {
    if (strategy.rank > 0) return "";
    const [file] = await exportWeights(await verifyCheckpoint(checkpoint), path);
    await rm(runFolder, { recursive: true });
    return file?.sha256;
  });
  return digest as string;
}
