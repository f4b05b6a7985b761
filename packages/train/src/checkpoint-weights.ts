import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { MODEL_FILE } from "./checkpoint-names.js";
import { type CheckpointState, filesOf } from "./checkpoint-state.js";
import { type CheckpointTensors, openCheckpointTensors } from "./checkpoint-tensors.js";
import type { Checkpoint } from "./load-checkpoint.js";

/** Opens the weights of a checkpoint, whichever files of however many processes hold them, as whole tensors. */
export function openCheckpointWeights({ path, state }: Checkpoint): Promise<CheckpointTensors> {
  return openCheckpointTensors(path, filesOf(state, MODEL_FILE));
}

/** Opens a single safetensors file of weights, of which parts can be read. */
export function openWeightsFile(path: string): Promise<CheckpointTensors> {
  return openCheckpointTensors(dirname(path), [basename(path)]);
}

/** What names a checkpoint's weights: the SHA-256 of their file or, where there are several, of those of all. */
export function weightsDigest(state: Pick<CheckpointState, "files">): string {
  const digests = filesOf(state, MODEL_FILE)
    .sort()
    .map((file) => state.files[file]?.sha256 ?? "");
  return digests.length === 1 ? (digests[0] as string) : createHash("sha256").update(digests.join("\n")).digest("hex");
}
