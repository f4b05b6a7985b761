import { expectation, ShapeError } from "@graticule/core";
import { assertField, sortedLeads } from "./forecast-scores.js";
import { fourier } from "./fourier.js";
import { latitudeWeights, type ScoreChannel, type ScoreGrid } from "./score-grid.js";

/**
 * Power of a row of values around a parallel by zonal wavenumber: |F[0]|², then 2 |F[k]|², with F = Σ x exp(−ikλ) / L; at
 * the last wavenumber of an even L, |F|². Their sum is the mean square (Parseval). Times the parallel's length it is
 * WeatherBench 2's `ZonalEnergySpectrum`, apart from its last wavenumber, which that doubles too.
 *
 * Shape: `[W] → [⌊W/2⌋ + 1]`. Units: those of the values, squared.
 */
export function zonalPower(row: ArrayLike<number>): Float64Array {
  const length = row.length;
  const [real, imaginary] = fourier(Float64Array.from(row));
  return Float64Array.from({ length: Math.floor(length / 2) + 1 }, (_, k) => {
    const power = ((real[k] as number) ** 2 + (imaginary[k] as number) ** 2) / (length * length);
    return k === 0 || 2 * k === length ? power : 2 * power;
  });
}

/** Mean power by wavenumber of one channel and lead time. */
export interface ZonalSpectrum {
  readonly channel: string;
  readonly unit: string;
  readonly leadTimeHours: number;
  readonly samples: number;
  /** By wavenumber from 0. Units: the channel's, squared. */
  readonly forecast: Float64Array;
  readonly truth: Float64Array;
}

export interface ZonalSpectra {
  /**
   * Takes in one sample.
   *
   * @throws {ShapeError} if a field is not `[V, H, W]`.
   */
  add(leadTimeHours: number, forecast: Float32Array, truth: Float32Array): void;
  /** Means over all samples, by lead time and channel. */
  spectra(): ZonalSpectrum[];
}

interface LeadSpectra {
  samples: number;
  readonly forecast: Float64Array;
  readonly truth: Float64Array;
}

/**
 * Averages zonal power spectra of forecasts and truth over the rows between two latitudes, weighted by cosine, and over
 * samples. A forecast whose power falls off early is blurred.
 *
 * @param latitude band whose rows count, edges included; WeatherBench 2 shows 30 to 60 degrees. Units: degrees north.
 *
 * @throws {ShapeError} if the grid does not go around the Earth.
 * @throws {RangeError} if it has no row within the band.
 */
export function makeZonalSpectra(
  grid: ScoreGrid,
  channels: readonly ScoreChannel[],
  latitude: readonly [south: number, north: number] = [-90, 90],
): ZonalSpectra {
  const [height, width] = [grid.latitudes.length, grid.longitudes.length];
  assertGoesAround(grid.longitudes);
  const weights = latitudeWeights(grid.latitudes, "cosine");
  const rows = Array.from({ length: height }, (_, row) => row).filter(
    (row) => (grid.latitudes[row] as number) >= latitude[0] && (grid.latitudes[row] as number) <= latitude[1],
  );
  if (rows.length === 0)
    throw new RangeError(
      expectation("makeZonalSpectra", `rows between ${latitude[0]} and ${latitude[1]} degrees north`, "none"),
    );
  const total = rows.reduce((sum, row) => sum + (weights[row] as number), 0);
  const bins = Math.floor(width / 2) + 1;
  const leads = new Map<number, LeadSpectra>();

  function addField(field: Float32Array, sums: Float64Array): void {
    for (let channel = 0; channel < channels.length; channel++)
      for (const row of rows) {
        const start = (channel * height + row) * width;
        const share = (weights[row] as number) / total;
        zonalPower(field.subarray(start, start + width)).forEach((power, k) => {
          sums[channel * bins + k] = (sums[channel * bins + k] as number) + share * power;
        });
      }
  }
  return {
    add(leadTimeHours, forecast, truth) {
      for (const field of [forecast, truth]) assertField("zonal spectra", field, channels.length, grid);
      const size = channels.length * bins;
      const lead = leads.get(leadTimeHours) ?? {
        samples: 0,
        forecast: new Float64Array(size),
        truth: new Float64Array(size),
      };
      leads.set(leadTimeHours, lead);
      lead.samples += 1;
      addField(forecast, lead.forecast);
      addField(truth, lead.truth);
    },
    spectra: () =>
      sortedLeads(leads).flatMap(([leadTimeHours, { samples, forecast, truth }]) =>
        channels.map(({ name, unit = "" }, channel): ZonalSpectrum => {
          const mean = (sums: Float64Array) =>
            sums.subarray(channel * bins, (channel + 1) * bins).map((sum) => sum / samples);
          return { channel: name, unit, leadTimeHours, samples, forecast: mean(forecast), truth: mean(truth) };
        }),
      ),
  };
}

function assertGoesAround(longitudes: ArrayLike<number>): void {
  const step = (longitudes[1] as number) - (longitudes[0] as number);
  if (!(Math.abs(Math.abs(step) * longitudes.length - 360) < 0.01 * Math.abs(step)))
    throw new ShapeError(
      "makeZonalSpectra",
      "columns that go around the Earth in equal steps",
      `${longitudes.length} columns, ${step} degrees apart`,
      "Score spectra on global grids.",
    );
}
