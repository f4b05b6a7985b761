import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MaskedModelConfig, ReportPart } from "@graticule/classify";
import { printConfig } from "@graticule/config";
import { formatBytes, formatDuration } from "@graticule/core";
import { rgbBands } from "@graticule/data-hyperspectral";
import { type Bands, plotCurves, type ReportSection, reconstructionPanel, type Series } from "@graticule/plot";
import { readMetrics } from "@graticule/train";
import type { PretrainConfig } from "./pretrain-config.js";
import type { Reconstructions } from "./reconstruct.js";
import { spectraReport } from "./spectra-report.js";

/** The part of the report that a pretraining run adds: curves, numbers and settings, read from its log. */
export async function pretrainReport(runFolder: string, config: PretrainConfig): Promise<ReportPart> {
  const { steps: lines, evaluations } = await readMetrics(runFolder);
  const last = lines.at(-1);
  if (!last) return { sections: [] };
  const x = lines.map(({ step }) => step);
  const speeds = lines.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  const medianSpeed = speeds[Math.floor(speeds.length / 2)] as number;
  const waits = lines.flatMap(({ loaderWaitShare }) => loaderWaitShare ?? []);
  const loaderWait = waits.reduce((sum, share) => sum + share, 0) / waits.length;
  const curve = (title: string, yLabel: string, series: readonly Series[]) => ({
    svg: plotCurves({ series, title, xLabel: "step", yLabel }),
    alt: `${title} over steps`,
  });
  const heldOut = {
    name: "held out",
    x: evaluations.map(({ step }) => step),
    y: evaluations.map(({ evaluation }) => evaluation.loss as number),
  };
  const lastHeldOut = heldOut.y.at(-1)?.toFixed(4);
  return {
    facts: [
      { label: lastHeldOut ? "Held-out loss" : "Loss", value: lastHeldOut ?? last.loss.toFixed(4) },
      { label: "Images per second", value: medianSpeed.toFixed(0) },
      { label: "Training time", value: formatDuration(last.seconds) },
    ],
    sections: [
      {
        heading: "Pretraining",
        text: config.model.normPix
          ? "Mean squared error of what is hidden, each patch normalized to mean 0 and variance 1: 1 is what predicting every patch's mean gives."
          : "Mean squared error of what is hidden, each channel in units of its deviation over the training split: 1 is about what predicting every channel's mean gives.",
        table: {
          columns: [
            "steps",
            "final loss",
            "held-out loss",
            "median images/s",
            "loader wait",
            "peak tensor memory",
            "resident memory",
          ],
          rows: [
            [
              String(last.step),
              last.loss.toFixed(4),
              lastHeldOut ?? "not measured",
              medianSpeed.toFixed(1),
              waits.length === 0 ? "not measured" : `${(100 * loaderWait).toFixed(1)} %`,
              last.peakBytes === undefined ? "not counted" : formatBytes(last.peakBytes),
              formatBytes(last.rssBytes),
            ],
          ],
        },
        figures: [
          curve("Reconstruction loss", "loss", [
            { name: "training", x, y: lines.map(({ loss }) => loss) },
            ...(heldOut.x.length > 0 ? [heldOut] : []),
          ]),
          curve("Learning rate", "learning rate", [{ name: "learning rate", x, y: lines.map(({ lr }) => lr) }]),
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
  reconstructions: Reconstructions,
): Promise<ReportPart> {
  const { images, shape } = reconstructions;
  const sections: ReportSection[] = [];
  if (images.length > 0) {
    const { bands, text } = shownBands(config, reconstructions);
    const panel = reconstructionPanel({ images, shape, bands });
    await writeFile(join(runFolder, "reconstructions.png"), panel.png);
    await writeFile(join(runFolder, "reconstructions.svg"), panel.svg);
    sections.push({
      heading: "Reconstructions of held-out images",
      text: `${describeMask(config.model)} ${text}${config.model.normPix ? " The mean and contrast of a hidden part are taken from the input; the model predicts the rest, since its targets are normalized within each part." : ""}`,
      figures: [{ svg: panel.svg, alt: "Input, masked input and reconstruction of held-out images" }],
    });
  }
  const { facts, sections: ofSpectra } = await spectraReport(runFolder, reconstructions);
  return { ...(facts && { facts }), sections: [...sections, ...ofSpectra] };
}

/** Which bands stand for red, green and blue, and the words for it. */
function shownBands({ report }: PretrainConfig, { schema }: Reconstructions): { bands: Bands; text: string } {
  const last = schema.length - 1;
  const wavelengthsNm = schema.flatMap(({ wavelengthNm }) => wavelengthNm ?? []);
  const bands =
    report.rgbBands ??
    (wavelengthsNm.length === schema.length
      ? rgbBands(wavelengthsNm)
      : ([0, Math.min(1, last), Math.min(2, last)] as const));
  const names = bands.map((band) => {
    const nm = schema[band]?.wavelengthNm;
    return nm === undefined ? `${band}` : `${band} (${Math.round(nm)} nm)`;
  });
  return { bands, text: `Shown are bands ${names.join(", ")} as red, green and blue.` };
}

function describeMask(model: MaskedModelConfig): string {
  const share = `${Math.round(100 * model.maskRatio)} %`;
  return model.kind === "hyperspectral-mae" && model.masking === "spectral"
    ? `Of each patch, runs of ${model.bandsPerBlock} bands are hidden, ${share} of all; grey is where a shown band is hidden.`
    : `${share} of the patches are hidden in all bands.`;
}
