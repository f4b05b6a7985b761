import { formatBytes, formatDuration } from "@graticule/core";
import { Presets, SingleBar } from "cli-progress";

/** What a person watching a run sees. Units: bytes, seconds, images a second. */
export interface ProgressReport {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** Part of the time that the steps waited for batches, 0 to 1. */
  readonly loaderWaitShare: number;
  readonly bytes: number;
}

/** Shows how far a run is; `stop` leaves the last state on screen. */
export interface Progress {
  update(report: ProgressReport): void;
  stop(): void;
}

export interface ProgressOptions {
  readonly firstStep: number;
  readonly totalSteps: number;
  /** Where to show it; a terminal gets a bar, anything else gets lines. */
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Least time between two lines where the stream is not a terminal. Units: seconds. */
  readonly lineEverySeconds: number;
  /** The clock, in seconds. */
  readonly now: () => number;
}

/** Writes a report as one line: `step 40/200  loss 0.8123  lr 1.5e-4  312 images/s  loader wait 0.3 %  1.20 GiB  ETA 4 min 05 s`. */
export function formatProgress(report: ProgressReport, totalSteps: number, etaSeconds: number): string {
  return [
    `step ${report.step}/${totalSteps}`,
    `loss ${report.loss.toPrecision(4)}`,
    `lr ${report.learningRate.toExponential(2)}`,
    `${report.imagesPerSecond.toPrecision(3)} images/s`,
    `loader wait ${(100 * report.loaderWaitShare).toFixed(1)} %`,
    formatBytes(report.bytes),
    `ETA ${formatDuration(etaSeconds)}`,
  ].join("  ");
}

/** Makes a progress bar on a terminal and plain lines elsewhere. */
export function makeProgress(options: ProgressOptions): Progress {
  const { firstStep, totalSteps, stream, now } = options;
  const started = now();
  const eta = (step: number): number => ((totalSteps - step) * (now() - started)) / Math.max(1, step - firstStep);

  if (stream.isTTY) {
    // The run itself handles signals; the bar must not exit the process.
    const bar = new SingleBar(
      { stream, format: "{bar} {percentage}%  {line}", barsize: 20, hideCursor: true, gracefulExit: false },
      Presets.shades_classic,
    );
    bar.start(totalSteps, firstStep, { line: "starting" });
    return {
      update: (report) => bar.update(report.step, { line: formatProgress(report, totalSteps, eta(report.step)) }),
      stop: () => bar.stop(),
    };
  }

  let lastLine = Number.NEGATIVE_INFINITY;
  return {
    update(report) {
      if (report.step < totalSteps && now() - lastLine < options.lineEverySeconds) return;
      lastLine = now();
      stream.write(`${formatProgress(report, totalSteps, eta(report.step))}\n`);
    },
    stop() {},
  };
}
