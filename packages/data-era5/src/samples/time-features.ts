import type { Channel } from "@graticule/data";
import type { Calendar } from "../cf/calendar.js";
import type { LatLonGrid } from "../grid/lat-lon-grid.js";
import { solarDate } from "../store/store-time.js";
import { toaIncidentSolarRadiation } from "../time-features/solar-radiation.js";
import { timeOfDay, timeOfYear } from "../time-features/time-phases.js";

/**
 * Fields that follow from time and place: solar radiation at the top of the atmosphere in the hour before the start, or
 * before the target's time; sine and cosine of the local solar time; sine and cosine of the time of the year.
 */
export type TimeFeature = "solar" | "solarAtTarget" | "timeOfDay" | "timeOfYear";

export const TIME_FEATURES: readonly TimeFeature[] = ["solar", "solarAtTarget", "timeOfDay", "timeOfYear"];

/** One hour of the solar constant: what scales radiation to 0 … about 1. Units: J/m². */
const HOUR_OF_SUN = 1361 * 3600;

const CHANNELS: Readonly<Record<TimeFeature, readonly Channel[]>> = {
  solar: [{ name: "tisr", unit: "J m-2", mean: 0, std: HOUR_OF_SUN }],
  solarAtTarget: [{ name: "tisr at target", unit: "J m-2", mean: 0, std: HOUR_OF_SUN }],
  timeOfDay: ["sin", "cos"].map((part) => ({ name: `local time ${part}`, unit: "1", mean: 0, std: 1 })),
  timeOfYear: ["sin", "cos"].map((part) => ({ name: `time of year ${part}`, unit: "1", mean: 0, std: 1 })),
};

/** The channels that features fill, scaled by their std. */
export function timeFeatureSchema(features: readonly TimeFeature[]): readonly Channel[] {
  return features.flatMap((feature) => CHANNELS[feature]);
}

/** Fills the channels of features. Shape: `[F, H, W]`. Units: hours since 1970 in the calendar. */
export function fillTimeFeatures(
  pixels: Float32Array,
  features: readonly TimeFeature[],
  grid: LatLonGrid,
  calendar: Calendar,
  { startHours, targetHours }: { readonly startHours: number; readonly targetHours: number },
): void {
  const { latitudes, longitudes } = grid;
  const plane = latitudes.length * longitudes.length;
  let at = 0;
  for (const feature of features) {
    const date = solarDate(calendar, feature === "solarAtTarget" ? targetHours : startHours);
    if (feature === "timeOfDay") {
      const phases = Array.from(longitudes, (longitude) => timeOfDay(date, longitude));
      for (let position = 0; position < plane; position++) {
        const [sine, cosine] = phases[position % longitudes.length] as readonly [number, number];
        pixels[at + position] = sine;
        pixels[at + plane + position] = cosine;
      }
      at += 2 * plane;
    } else if (feature === "timeOfYear") {
      const [sine, cosine] = timeOfYear(date);
      pixels.fill(sine, at, at + plane).fill(cosine, at + plane, at + 2 * plane);
      at += 2 * plane;
    } else {
      const radiation = toaIncidentSolarRadiation(grid, date);
      for (let position = 0; position < plane; position++)
        pixels[at + position] = (radiation[position] as number) / HOUR_OF_SUN;
      at += plane;
    }
  }
}
