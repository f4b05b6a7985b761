import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReportPart } from "@graticule/classify";
import { printConfig } from "@graticule/config";
import { formatBytes, formatDuration } from "@graticule/core";
import { plotCurves, reconstructionPanel } from "@graticule/plot";
import type { PretrainConfig } from "./pretrain-config.js";
import type { Reconstructions } from "./reconstruct.js";

interface MetricsLine {
  readonly step: number;
  readonly loss: number;
  readonly lr: number;
  readonly imagesPerSecond: number;
  /** Not in lines of runs before it was measured. */
  readonly loaderWaitShare?: number;
  readonly peakBytes?: number;
  readonly rssBytes: number;
  readonly seconds: number;
}

/** The part of the report that a pretraining run adds: curves, numbers and settings, read from its log. */
export async function pretrainReport(runFolder: string, config: PretrainConfig): Promise<ReportPart> {
  const text = await readFile(join(runFolder, "metrics.jsonl"), "utf8");
  const lines = text
    .split("\n")
    .filter((line) => line.includes('"loss"'))
    .map((line) => JSON.parse(line) as MetricsLine);
  const last = lines.at(-1);
  if (!last) return { sections: [] };
  const x = lines.map(({ step }) => step);
  const speeds = lines.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  const medianSpeed = speeds[Math.floor(speeds.length / 2)] as number;
  const waits = lines.flatMap(({ loaderWaitShare }) => loaderWaitShare ?? []);
  const loaderWait = waits.reduce((sum, share) => sum + share, 0) / waits.length;
  const curve = (title: string, yLabel: string, y: readonly number[]) => ({
    svg: plotCurves({ series: [{ name: yLabel, x, y }], title, xLabel: "step", yLabel }),
    alt: `${title} over steps`,
  });
  return {
    facts: [
      { label: "Loss", value: last.loss.toFixed(4) },
      { label: "Images per second", value: medianSpeed.toFixed(0) },
      { label: "Training time", value: formatDuration(last.seconds) },
    ],
    sections: [
      {
        heading: "Pretraining",
        text: config.model.normPix
          ? "Mean squared error of the hidden patches, each normalized to mean 0 and variance 1: 1 is what predicting every patch's mean gives."
          : "Mean squared error of the hidden patches.",
        table: {
          columns: ["steps", "final loss", "median images/s", "loader wait", "peak tensor memory", "resident memory"],
          rows: [
            [
              String(last.step),
              last.loss.toFixed(4),
              medianSpeed.toFixed(1),
              waits.length === 0 ? "not measured" : `${(100 * loaderWait).toFixed(1)} %`,
              last.peakBytes === undefined ? "not counted" : formatBytes(last.peakBytes),
              formatBytes(last.rssBytes),
            ],
          ],
        },
        figures: [
          curve(
            "Reconstruction loss",
            "loss",
            lines.map(({ loss }) => loss),
          ),
          curve(
            "Learning rate",
            "learning rate",
            lines.map(({ lr }) => lr),
          ),
        ],
      },
    ],
  };
}

/** The part of the report that says how to make the run again. */
export function settingsReport(config: PretrainConfig): ReportPart {
  return { sections: [{ heading: "Settings", code: printConfig(config) }] };
}

/** Draws reconstructions into the run folder and gives the report's part. */
export async function reconstructionReport(
  runFolder: string,
  config: PretrainConfig,
  { images, shape }: Reconstructions,
): Promise<ReportPart> {
  const bands = config.report.rgbBands ?? (shape[0] >= 3 ? [0, 1, 2] : [0, 0, 0]);
  const panel = reconstructionPanel({ images, shape, bands: bands as [number, number, number] });
  await writeFile(join(runFolder, "reconstructions.png"), panel.png);
  await writeFile(join(runFolder, "reconstructions.svg"), panel.svg);
  return {
    sections: [
      {
        heading: "Reconstructions of held-out images",
        text: `${Math.round(100 * config.model.maskRatio)} % of the patches are hidden; shown are bands ${bands.join(", ")} as red, green and blue.${config.model.normPix ? " The mean and contrast of a hidden patch are taken from the input; the model predicts the rest, since its targets are normalized within each patch." : ""}`,
        figures: [{ svg: panel.svg, alt: "Input, masked input and reconstruction of held-out images" }],
      },
    ],
  };
}
