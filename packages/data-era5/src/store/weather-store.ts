import { join } from "node:path";
import { FormatError } from "@graticule/core";
import { type ChannelSchema, openPackedShards, type PackedShards, type PackedShardsOptions } from "@graticule/data";
import type { Calendar } from "../cf/calendar.js";
import { type LatLonGrid, makeLatLonGrid } from "../grid/lat-lon-grid.js";
import { fromSegments, type TimeSegment } from "./time-segments.js";

export const FIELDS_FOLDER = "fields";
export const STATIC_FOLDER = "static";

/** Where a store's fields come from, as its index says. */
export interface StoreOrigin {
  readonly kind: "weather-store";
  readonly calendar: Calendar;
  readonly times: readonly TimeSegment[];
  readonly grid: { readonly latitudes: readonly number[]; readonly longitudes: readonly number[] };
  readonly regrid: { readonly method: string; readonly maxMissing: number } | null;
  readonly staticChannels: readonly string[];
  readonly sources: readonly { readonly channel: string; readonly uri: string; readonly variable: string }[];
  readonly madeBy: string;
}

/** An open store. */
export interface WeatherStore {
  readonly folder: string;
  /** Records `[V, H, W]`, one for each time. */
  readonly fields: PackedShards;
  readonly schema: ChannelSchema;
  readonly grid: LatLonGrid;
  readonly calendar: Calendar;
  /** Units: hours since 1970-01-01 00:00 in the calendar; ascending. */
  readonly hours: Float64Array;
  /** Fields that don't change. Shape: `[S, H, W]`. */
  readonly static?: { readonly schema: ChannelSchema; readonly pixels: Float32Array };
  readonly origin: StoreOrigin;
  close(): Promise<void>;
}

/**
 * Opens a store that `prepareStore` has made.
 *
 * @throws {FormatError} if it is not complete, or of another kind.
 */
export async function openWeatherStore(
  folder: string,
  verify: PackedShardsOptions["verify"] = "once",
): Promise<WeatherStore> {
  const fieldsFolder = join(folder, FIELDS_FOLDER);
  const fields = await openPackedShards({ folder: fieldsFolder, verify });
  const origin = fields.metadata as unknown as StoreOrigin | null;
  const path = join(fieldsFolder, "index.json");
  if (origin?.kind !== "weather-store")
    throw new FormatError(path, "metadata of kind weather-store", JSON.stringify(origin?.kind) ?? "none");
  const { latitudes, longitudes } = origin.grid;
  if (latitudes.length !== fields.shape[1] || longitudes.length !== fields.shape[2])
    throw new FormatError(
      path,
      `a grid of ${fields.shape.slice(1).join(" x ")}`,
      `${latitudes.length} x ${longitudes.length}`,
    );
  const fixed = origin.staticChannels.length > 0 && (await readStatic(join(folder, STATIC_FOLDER)));
  return {
    folder,
    fields,
    schema: fields.schema,
    grid: makeLatLonGrid(latitudes, longitudes),
    calendar: origin.calendar,
    hours: fromSegments(origin.times, fields.length, path),
    ...(fixed && { static: fixed }),
    origin,
    close: () => fields.close(),
  };
}

async function readStatic(folder: string): Promise<NonNullable<WeatherStore["static"]>> {
  const packed = await openPackedShards({ folder });
  const { pixels } = await packed.read(0);
  await packed.close();
  return { schema: packed.schema, pixels };
}
