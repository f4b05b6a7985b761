import { pickPlaces } from "@graticule/data";
import type { ChannelScale } from "../store/store-statistics.js";
import { formatHours } from "../store/store-time.js";
import { findTime } from "../store/time-segments.js";
import type { WeatherStore } from "../store/weather-store.js";
import { normalizePlanes } from "./normalize-planes.js";

/** Reads states of a store by their time. */
export interface StateReader {
  /** Channels of the store as they are. Shape of `pixels`: `[channels, H, W]`. */
  readChannels(hours: number, channels: readonly number[], pixels: Float32Array): Promise<void>;
  /** Normalized channels of the state, by their places in it. @throws {RangeError} for a time that the store lacks. */
  readState(hours: number, places: readonly number[], pixels: Float32Array): Promise<void>;
}

/** `inputs`: the state's channels by their places in the store. */
export function makeStateReader(
  store: WeatherStore,
  inputs: readonly number[],
  scales: readonly ChannelScale[],
): StateReader {
  const [, height, width] = store.fields.shape;
  const plane = height * width;

  async function readChannels(hours: number, channels: readonly number[], pixels: Float32Array): Promise<void> {
    await store.fields.readChannels(findTime(store.hours, hours), channels, pixels);
  }

  return {
    readChannels,
    async readState(hours, places, pixels) {
      if (findTime(store.hours, hours) < 0)
        throw new RangeError(
          `forecast samples: expected a time of the store, got ${formatHours(store.calendar, hours)}.`,
        );
      await readChannels(hours, pickPlaces(inputs, places), pixels);
      normalizePlanes(pixels, pickPlaces(scales, places), plane);
    },
  };
}
