import { join } from "node:path";
import { type EventFile, openEventFile } from "./event-file.js";
import { type MetricsFile, openMetricsFile } from "./metrics-file.js";
import { makeProgress, type Progress } from "./progress.js";
import type { TrainOptions } from "./train-options.js";

/** Memory of the tensor backend. Units: bytes. */
export interface BackendMemory {
  readonly liveBytes: number;
  readonly peakBytes: number;
}

/** What the loop knows of a step when it is done; `step` counts from 1. */
export interface StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** What the loss was multiplied by, in a run in fp16. */
  readonly lossScale?: number;
  readonly images: number;
  /** Time that the run has waited for batches since it was started. Units: seconds. */
  readonly loaderWaitSeconds: number;
}

export interface RunLogOptions
  extends Pick<
    TrainOptions,
    "runFolder" | "totalSteps" | "logEverySteps" | "progressStream" | "progressEverySeconds" | "memory"
  > {
  /** Steps and training time that a resumed run has behind it. Units: seconds. */
  readonly firstStep: number;
  readonly firstSeconds: number;
}

/** The three places that a run reports to: `metrics.jsonl`, TensorBoard event files and the progress display. */
export interface RunLog {
  /** Training time over all restarts. Units: seconds. */
  seconds(): number;
  step(record: StepRecord): Promise<void>;
  /** A step whose loss or gradient was not finite; it has no numbers. */
  skippedStep(step: number, epoch: number, images: number): Promise<void>;
  evaluation(step: number, scores: Readonly<Record<string, number>>): Promise<void>;
  /** Makes what is written survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const clock = (): number => performance.now() / 1000;

/** Opens a run's logs; lines after `firstStep` that an interrupted run left are dropped. */
export async function openRunLog(options: RunLogOptions): Promise<RunLog> {
  const { runFolder, firstStep, totalSteps, logEverySteps, memory } = options;
  const metrics: MetricsFile = await openMetricsFile(join(runFolder, "metrics.jsonl"), firstStep);
  const events: EventFile = await openEventFile(join(runFolder, "tensorboard"), firstStep);
  const progress: Progress = makeProgress({
    firstStep,
    totalSteps,
    stream: options.progressStream ?? process.stderr,
    lineEverySeconds: options.progressEverySeconds ?? 10,
    now: clock,
  });
  const started = clock();
  const seconds = (): number => options.firstSeconds + clock() - started;
  let windowStart = started;
  let windowImages = 0;
  let waited = 0;
  let windowWaited = 0;
  function startWindow(): void {
    windowStart = clock();
    windowImages = 0;
    windowWaited = waited;
  }

  return {
    seconds,
    async step({ step, epoch, loss, learningRate, gradientNorm, lossScale, images, loaderWaitSeconds }) {
      windowImages += images;
      waited = loaderWaitSeconds;
      const windowSeconds = Math.max(clock() - windowStart, 1e-9);
      const imagesPerSecond = windowImages / windowSeconds;
      const loaderWaitShare = (waited - windowWaited) / windowSeconds;
      const backend = memory?.();
      const rssBytes = process.memoryUsage.rss();
      const bytes = backend?.liveBytes ?? rssBytes;
      progress.update({ step, loss, learningRate, imagesPerSecond, loaderWaitShare, bytes });
      if (step % logEverySteps !== 0 && step !== totalSteps) return;
      const speed = { imagesPerSecond, loaderWaitShare };
      const scaled = lossScale === undefined ? {} : { lossScale };
      const numbers = { loss, lr: learningRate, gradNorm: gradientNorm, ...scaled, ...speed, ...backend, rssBytes };
      await metrics.write({ step, epoch, ...numbers, seconds: seconds() });
      await events.write(step, prefixed("train", numbers));
      startWindow();
    },
    async skippedStep(step, epoch, images) {
      windowImages += images;
      await metrics.write({ step, epoch, skipped: true });
    },
    async evaluation(step, scores) {
      await metrics.write({ step, evaluation: scores });
      await events.write(step, prefixed("evaluation", scores));
      startWindow();
    },
    sync: () => metrics.sync(),
    async close() {
      progress.stop();
      await metrics.close();
      await events.close();
    },
  };
}

/** The log of a process that leaves logging to another: it only keeps the time. */
export async function openSilentLog({ firstSeconds }: RunLogOptions): Promise<RunLog> {
  const started = clock();
  const nothing = async (): Promise<void> => {};
  return {
    seconds: () => firstSeconds + clock() - started,
    step: nothing,
    skippedStep: nothing,
    evaluation: nothing,
    sync: nothing,
    close: nothing,
  };
}

function prefixed(prefix: string, numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`${prefix}/${name}`, value]));
}
