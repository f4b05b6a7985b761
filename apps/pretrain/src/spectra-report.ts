import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReportPart } from "@graticule/classify";
import type { ChannelSchema } from "@graticule/data";
import { plotCurves, plotSpectra, type ReportSection, type Spectrum } from "@graticule/plot";
import type { BandErrors } from "./band-errors.js";
import type { Reconstructions } from "./reconstruct.js";

/** The report's part on the bands of cubes: spectra of pixels, and the error of each band, also as a CSV file. */
export async function spectraReport(
  runFolder: string,
  { schema, spectra, bandErrors }: Reconstructions,
): Promise<ReportPart> {
  const unit = schema[0]?.unit ?? "value";
  const sections: ReportSection[] = [];
  if (spectra.length > 0)
    sections.push({
      heading: "Spectra of hidden pixels",
      text: "The model saw nothing of these pixels in the bands where its line is drawn.",
      figures: spectra.map(({ label, truth, reconstruction }) => ({
        svg: drawByBand(schema, label, unit, [
          { name: "true", mean: truth },
          { name: "reconstructed", mean: reconstruction },
        ]),
        alt: `True and reconstructed spectrum of ${label}`,
      })),
    });
  if (!bandErrors) return { sections };
  await writeFile(join(runFolder, "band-errors.csv"), bandErrorsCsv(schema, bandErrors));
  const explained = 1 - squares(bandErrors.model, schema) / squares(bandErrors.trainingMean, schema);
  sections.push({
    heading: "Error by band",
    text: `Root mean squared error of hidden values in ${bandErrors.crops} held-out crops, beside what the mean of the crop's visible pixels and the training mean would give. The numbers are in band-errors.csv.`,
    figures: [
      {
        svg: drawByBand(schema, "Error by band", `root mean squared error (${unit})`, [
          { name: "model", mean: bandErrors.model },
          { name: "mean of the visible pixels", mean: bandErrors.visibleMean },
          { name: "training mean", mean: bandErrors.trainingMean },
        ]),
        alt: "Root mean squared error of each band",
      },
    ],
  });
  return { facts: [{ label: "Variance explained, held out", value: `${(100 * explained).toFixed(1)} %` }], sections };
}

/** Over wavelength where the data has it, else over the number of the band. */
function drawByBand(schema: ChannelSchema, title: string, yLabel: string, spectra: readonly Spectrum[]): string {
  const wavelengthsNm = schema.flatMap(({ wavelengthNm }) => wavelengthNm ?? []);
  if (wavelengthsNm.length === schema.length) return plotSpectra({ spectra, wavelengthsNm, title, yLabel });
  const x = schema.map((_, band) => band);
  return plotCurves({ series: spectra.map(({ name, mean }) => ({ name, x, y: mean })), title, xLabel: "band", yLabel });
}

/** Sum of squared errors in units of each band's deviation, so that bright bands don't decide. */
function squares(errors: readonly number[], schema: ChannelSchema): number {
  return errors.reduce(
    (sum, error, band) => sum + (Number.isFinite(error) ? (error / (schema[band]?.std ?? 1)) ** 2 : 0),
    0,
  );
}

function bandErrorsCsv(schema: ChannelSchema, { model, visibleMean, trainingMean }: BandErrors): string {
  const rows = schema.map(({ name, wavelengthNm }, band) =>
    [`"${name.replaceAll('"', '""')}"`, wavelengthNm ?? "", model[band], visibleMean[band], trainingMean[band]].join(
      ",",
    ),
  );
  return `${["band,wavelength_nm,model_rmse,visible_mean_rmse,training_mean_rmse", ...rows].join("\n")}\n`;
}
