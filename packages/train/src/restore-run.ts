import { ConfigError, compilePathPattern, MismatchError, silentLogger } from "@graticule/core";
import type { DataPosition, Loader } from "@graticule/data";
import { listCheckpoints, removePartialCheckpoints } from "./checkpoint-folder.js";
import type { CheckpointState } from "./checkpoint-state.js";
import { findLatestCheckpoint, loadCheckpoint } from "./load-checkpoint.js";
import type { Strategy } from "./strategy.js";
import type { TrainOptions } from "./train-options.js";

/** How far a run has come. */
export interface RunProgress {
  readonly step: number;
  readonly position: DataPosition;
  readonly samplesSeen: number;
  /** Units: seconds. */
  readonly seconds: number;
  /** The checkpoint that holds this state, if one does. */
  readonly checkpoint: string | undefined;
}

const START: RunProgress = {
  step: 0,
  position: { epoch: 0, sampleInEpoch: 0 },
  samplesSeen: 0,
  seconds: 0,
  checkpoint: undefined,
};

/**
 * Brings model and optimizer to where the run stands: its newest valid checkpoint with `resume`, else its start.
 *
 * @throws {ConfigError} if a new run finds checkpoints of another one in its folder.
 * @throws {MismatchError} if configuration, seed, channels or parameters differ from the checkpoint's.
 */
export async function restoreRun(options: TrainOptions, strategy: Strategy): Promise<RunProgress> {
  const { runFolder, model, optimizer, loader, seed, config, configMayChange = [], resume = false } = options;
  if (strategy.rank === 0) await removePartialCheckpoints(runFolder);
  await strategy.gather(0); // None looks before that is done.
  if (!resume) {
    const [newest] = await listCheckpoints(runFolder);
    if (!newest) return START;
    throw new ConfigError(
      `run folder ${runFolder}: expected no checkpoints for a new run, got one of step ${newest.step}. Resume that run, or choose another folder.`,
    );
  }
  const checkpoint = await findLatestCheckpoint(runFolder, options.logger ?? silentLogger, strategy);
  if (!checkpoint) return START;
  const patterns = configMayChange.map(compilePathPattern);
  if (checkpoint.state.seed !== seed)
    throw new MismatchError(
      checkpoint.path,
      `seed ${checkpoint.state.seed} as the run began`,
      `${seed}`,
      "Resume with the same seed.",
    );
  const state = await loadCheckpoint(checkpoint, {
    model,
    optimizer,
    config,
    mayChange: (path) => patterns.some((matches) => matches(path)),
    schema: loader.schema,
    held: strategy,
  });
  const { step, samplesSeen, seconds, lossScale } = state;
  if (lossScale) options.lossScaler?.load(lossScale);
  return { step, position: dataPosition(state, loader), samplesSeen, seconds, checkpoint: checkpoint.path };
}

function dataPosition(state: CheckpointState, { globalBatchSize }: Loader): DataPosition {
  const { epoch, sampleInEpoch, batchInEpoch = 0 } = state;
  return { epoch, sampleInEpoch: sampleInEpoch ?? batchInEpoch * globalBatchSize };
}
