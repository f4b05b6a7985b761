/**
 * The training loop: accumulation, clipping, atomic checkpoints, bit-identical resume, logs.
 *
 * ```ts
 * import { train } from "@graticule/train";
 * const result = await train({
 *   runFolder: "runs/demo", model, optimizer, loader, config, seed: 42,
 *   loss: (batch, { random }) => maeLoss(model, batch, (index) => random("mask", index)),
 *   learningRate: warmupCosine({ baseLr: 1.5e-4, warmupSteps: 100, totalSteps: 2000, minLr: 0 }),
 *   totalSteps: 2000, gradAccumSteps: 4, clipNorm: 1,
 *   saveEverySteps: 200, keepCheckpoints: 2, logEverySteps: 10, resume: true,
 * });
 * result.checkpoint; // runs/demo/checkpoints/step-00002000
 * ```
 */
export { assignParameter } from "./assign-parameter.js";
export { type CheckedCheckpoint, type CheckedFile, checkCheckpoint } from "./check-checkpoint.js";
export { checkpointsFolder, listCheckpoints } from "./checkpoint-folder.js";
export type { CheckpointState } from "./checkpoint-state.js";
export type { CheckpointTensors } from "./checkpoint-tensors.js";
export { openCheckpointWeights, weightsDigest } from "./checkpoint-weights.js";
export { countGpus } from "./count-gpus.js";
export type { FileDigest } from "./durable-file.js";
export { type ExportedFile, type ExportOptions, exportWeights, writeWeights } from "./export-weights.js";
export { type FileSource, openFileSource } from "./file-source.js";
export {
  type Checkpoint,
  findLatestCheckpoint,
  type LoadCheckpointTargets,
  loadCheckpoint,
  loadWeights,
  verifyCheckpoint,
} from "./load-checkpoint.js";
export { type LoadWithinOptions, loadWithin } from "./load-within.js";
export { type BackendName, type BackendOptions, type OpenedBackend, openBackend } from "./open-backend.js";
export type { LoadingPlan } from "./plan-loading.js";
export type { ProgressOptions } from "./progress.js";
export { type EvaluationMetrics, readMetrics, type StepMetrics } from "./read-metrics.js";
export { loaderConfig, loopConfig, loopMayChange, optimizerConfig } from "./run-config.js";
export type { BackendMemory } from "./run-log.js";
export {
  openSafetensors,
  type SafetensorsFile,
  type SafetensorsWriteEntry,
  tensorEntry,
  writeSafetensors,
} from "./safetensors-file.js";
export { CheckpointError, type SaveCheckpointOptions, saveCheckpoint } from "./save-checkpoint.js";
export { saveWeights } from "./save-weights.js";
export { type OwnedPart, type StepStatistics, type Strategy, singleDevice } from "./strategy.js";
export type { TensorPart } from "./tensor-part.js";
export { train } from "./train.js";
export type { LossContext, LossFunction, TrainOptions, TrainResult } from "./train-options.js";
export { RUN_CONFIG_FILE, type RunConfig, type TrainRunOptions, trainRun } from "./train-run.js";
export { withRunLock } from "./with-run-lock.js";
