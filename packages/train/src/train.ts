import { setImmediate } from "node:timers/promises";
import { backward } from "@graticule/autodiff";
import {
  expectation,
  formatBytes,
  formatDuration,
  GraticuleError,
  makeRandom,
  NonFiniteError,
  silentLogger,
} from "@graticule/core";
import type { Batch } from "@graticule/data";
import { clipCoefficient } from "@graticule/optim";
import { mul, type Scalar, type Variable } from "@tensorflow/tfjs-core";
import { openBatchStream } from "./batch-stream.js";
import { makeStepJudge } from "./non-finite-policy.js";
import { restoreRun } from "./restore-run.js";
import type { RunLock } from "./run-lock.js";
import { openRunLog, openSilentLog } from "./run-log.js";
import { type PendingCheckpoint, startCheckpoint } from "./save-checkpoint.js";
import { gradientNorm, measureStep } from "./step-statistics.js";
import { watchStopSignals } from "./stop-request.js";
import { singleDevice } from "./strategy.js";
import { openRunTrace } from "./trace/run-trace.js";
import { assertTrainOptions, type LossContext, type TrainOptions, type TrainResult } from "./train-options.js";
import { withRunLock } from "./with-run-lock.js";

/**
 * Trains a model until `totalSteps`, or until SIGTERM, SIGINT or SIGUSR2 ends it after the current step. The end is always saved.
 * A run that was interrupted at any moment and resumed gives the same weights, bit for bit, as one that was not. With a
 * strategy of several processes each calls it with its own part of the data; process 0 writes logs and checkpoints.
 *
 * @throws {NonFiniteError} if the loss or a gradient is not finite, unless `onNonFinite` skips such steps; weights and
 *   checkpoints stay as they were.
 * @throws {CheckpointError} if a checkpoint can't be written; earlier ones stay.
 * @throws {GraticuleError} if no sample of a batch could be read on this rank of several.
 * @throws {GraticuleError} if another process trains in the run folder.
 * @throws {ConfigError} {MismatchError} {FormatError} if the run can't start or resume, as `restoreRun` says.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  return withRunLock(options, (lock) => trainLocked(options, lock));
}

/** As `train`, for who holds the lock. */
export async function trainLocked(options: TrainOptions, lock: Pick<RunLock, "assertHeld">): Promise<TrainResult> {
  assertTrainOptions(options);
  const { runFolder, model, optimizer, loader, seed, totalSteps, saveEverySteps, evaluate } = options;
  const { gradAccumSteps = 1, clipNorm = Number.POSITIVE_INFINITY, strategy = singleDevice() } = options;
  const { asyncCheckpoint = false, lossScaler } = options;
  const logger = options.logger ?? silentLogger;

  const start = await restoreRun(options, strategy);
  let { step, position, samplesSeen, checkpoint } = start;
  let savedStep = checkpoint === undefined ? undefined : step;
  let loss: number | undefined;
  let endedEarly = false;
  const pathOf = new Map<Variable, string>();
  for (const [path, { trainable, variable }] of model.namedParameters()) if (trainable) pathOf.set(variable, path);
  const variables = [...pathOf.keys()];

  const isMain = strategy.rank === 0;
  const log = await (isMain ? openRunLog : openSilentLog)({ ...options, firstStep: step, firstSeconds: start.seconds });
  const stop = watchStopSignals();
  const batches = openBatchStream(loader, position);
  const trace = openRunTrace({ runFolder, steps: options.traceSteps, model, loader, strategy, logger });
  const judge = makeStepJudge(options.onNonFinite ?? "stop");
  const began = performance.now();

  /** The checkpoint that is being written, at most one. */
  let pending: PendingCheckpoint | undefined;
  function setSaved({ path }: PendingCheckpoint): void {
    checkpoint = path;
    pending = undefined;
  }

  async function finishSaving(): Promise<void> {
    if (!pending) return;
    await pending.finish();
    setSaved(pending);
  }

  async function save(): Promise<void> {
    if (savedStep === step) return;
    const endSpan = trace.begin("checkpoint", `save step ${step}`);
    await lock.assertHeld();
    await log.sync();
    await finishSaving();
    const progress = { step, ...position, samplesSeen, seconds: log.seconds() };
    const whole = {
      runFolder,
      keep: options.keepCheckpoints,
      state: {
        ...progress,
        ...(lossScaler && { lossScale: lossScaler.state() }),
        ...{ seed, config: options.config, schema: loader.schema },
      },
      model: model.stateDict(),
      optimizer: optimizer.stateDict(),
      strategy,
    };
    pending = await startCheckpoint(whole, asyncCheckpoint);
    savedStep = step;
    if (!asyncCheckpoint) await finishSaving();
    endSpan();
  }

  /** Forward and backward of one batch; its gradients go to the strategy as they come. */
  function microStep(batch: Batch, epoch: number, isLast: boolean): Scalar {
    strategy.beforeForward();
    const random: LossContext["random"] = (name, ...path) => makeRandom(seed, name, epoch, ...path);
    let endSpan = trace.begin("compute", "forward");
    const loss = backward(
      () => {
        const loss = options.loss(batch, { step, epoch, random });
        endSpan();
        endSpan = trace.begin("compute", "backward");
        return lossScaler ? mul<Scalar>(loss, lossScaler.scale) : loss;
      },
      variables,
      (variable, gradient) => strategy.takeGradient(pathOf.get(variable) as string, gradient, isLast),
    );
    trace.endBackward();
    endSpan();
    return loss;
  }

  const losses: Scalar[] = [];
  function release(): void {
    for (const value of losses.splice(0)) value.dispose();
    strategy.releaseGradients();
  }

  try {
    for (;;) {
      const learningRate = options.learningRate(step);

      const isNew = step > start.step;
      let isEnd = step >= totalSteps;
      const all = await strategy.gather({ isStopped: stop.signal !== undefined, saving: pending?.news() ?? null });
      const isStopped = all.some((each) => each.isStopped);
      if (pending && (await pending.take(all.map(({ saving }) => saving)))) setSaved(pending);
      if (evaluate && isNew && !isStopped && (isEnd || step % evaluate.everySteps === 0)) {
        const endSpan = trace.begin("compute", "evaluation");
        strategy.beforeForward();
        await log.evaluation(step, await evaluate.run(step));
        endSpan();
        isEnd ||= evaluate.endsRun?.() ?? false;
        endedEarly = isEnd;
      }
      if (isEnd || isStopped || (isNew && step % saveEverySteps === 0)) await save();
      await trace.between(step);
      if (isEnd || isStopped) {
        await finishSaving();
        break;
      }

      const endStep = trace.begin("step", `step ${step + 1}`);

      let epoch = position.epoch;
      let ownSamples = 0;
      for (let micro = 1; micro <= gradAccumSteps; micro++) {
        const endWait = trace.begin("loader", "wait for a batch");
        const { batch, ...data } = await batches.next();
        endWait();
        for (const { reason } of batch.skipped) logger.warn(`skipping a sample: ${reason}`);
        assertNotEmpty(batch);
        losses.push(microStep(batch, data.epoch, micro === gradAccumSteps));
        batches.recycle(batch);
        ({ epoch } = data);
        position = batch.next;
        ownSamples += batch.shape[0];
      }

      const endReduction = trace.begin("waiting", "reduce gradients");
      const gradients = await strategy.finishGradients();
      endReduction();
      const paths = [...pathOf.values()].filter((path) => gradients.has(path));
      const endNorms = trace.begin("compute", "gradient norms");
      const measured = await measureStep(losses, new Map(paths.map((path) => [path, gradients.get(path)!])));
      endNorms();
      const endSums = trace.begin("waiting", "reduce statistics");
      const lossScale = lossScaler?.scale ?? 1;
      const own = { ...measured, loss: measured.loss / lossScale, samples: ownSamples };
      const statistics = await strategy.reduceStatistics(own);
      endSums();
      if (!isNew && paths.length < pathOf.size)
        logger.warn(`no gradient for ${[...pathOf.values()].filter((path) => !gradients.has(path)).join(", ")}`);
      const fault = judge(step + 1, statistics, lossScaler?.canFall);
      lossScaler?.update(fault === undefined);
      const norm = gradientNorm(statistics, gradAccumSteps) / lossScale;
      const gradScale = clipCoefficient(norm, clipNorm) / (gradAccumSteps * lossScale);

      const endUpdate = trace.begin("compute", "optimizer");
      if (fault === undefined) {
        for (const path of paths) optimizer.apply(path, gradients.get(path)!, learningRate, gradScale);
        optimizer.step();
        options.afterUpdate?.(step + 1);
      }
      release();
      endUpdate();
      step += 1;

      const images = statistics.samples;
      samplesSeen += images;
      if (fault === undefined) {
        loss = statistics.loss;
        const loaderWaitSeconds = batches.waitedSeconds();
        const numbers = { loss, learningRate, gradientNorm: norm, ...(lossScaler && { lossScale }) };
        await log.step({ step, epoch, ...numbers, images, loaderWaitSeconds });
      } else {
        const scaled = lossScaler ? `; losses are scaled by ${lossScaler.scale} from here` : "";
        if (isMain) logger.warn(`step ${step}: skipped, got ${fault}${scaled}`);
        await log.skippedStep(step, epoch, images);
      }
      endStep();
      await setImmediate(); // A turn of the event loop: signals are not served without one.
    }
  } catch (error) {
    // Where all processes are here, the checkpoint of an earlier step still gets complete.
    if (strategy.worldSize === 1 || error instanceof NonFiniteError) await finishSaving().catch(() => {});
    throw error;
  } finally {
    release();
    trace.close();
    stop.dispose();
    await batches.close();
    await log.close();
  }
  const waited = batches.waitedSeconds();
  const loaderWaitShare = waited / ((performance.now() - began) / 1000);
  const read = await strategy.gather(loader.bytesRead());
  if (step > start.step) logger.info(describeLoading(read, waited, loaderWaitShare));
  const stopped = step < totalSteps && !endedEarly;
  return { step, epoch: position.epoch, samplesSeen, loss, loaderWaitShare, stopped, checkpoint: checkpoint! };
}

/** Ranks share each step, so one without samples can't leave its part out; a lone rank never gets such a batch. */
function assertNotEmpty({ shape, start }: Batch): void {
  if (shape[0] > 0) return;
  const advice = "Every sample of this rank's part was skipped as corrupt: mend or remove the files named above.";
  throw new GraticuleError("GRATICULE_NO_DATA", expectation(`batch at ${start}`, "a readable sample", "none", advice));
}

/** Above it a run gains by more workers. */
const SMALL_WAIT_SHARE = 0.02;

function describeLoading(bytesRead: readonly number[], seconds: number, share: number): string {
  const [least, most] = [Math.min(...bytesRead), Math.max(...bytesRead)].map(formatBytes);
  const read = least === most ? least : `${least} to ${most}`;
  const advice = share > SMALL_WAIT_SHARE ? ". Raise numWorkers or prefetchBatches, or prepare smaller samples" : "";
  const eachRank = bytesRead.length > 1 ? " by each rank" : "";
  return `loader read ${read}${eachRank}, wait ${(100 * share).toFixed(1)} % of the run (${formatDuration(seconds)})${advice}`;
}
