import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, ShapeError } from "@graticule/core";
import {
  type ChannelSchema,
  type JsonValue,
  openShardWriter,
  type ShardDtype,
  type ShardWriter,
} from "@graticule/data";
import { latitudeField, longitudeField } from "../grid/cell-areas.js";
import type { LatLonGrid } from "../grid/lat-lon-grid.js";
import type { GriddedDataset } from "../gridded-dataset.js";
import { type AlignedTimes, alignTimes, type TimeChoice } from "./align-times.js";
import { type FieldGroup, groupFields, readGroup, type TimeSlice } from "./field-blocks.js";
import { type ChannelChoice, type FieldSource, findFields } from "./field-source.js";
import { formatHours } from "./store-time.js";
import { openTargetGrid, type RegridChoice, type TargetGrid } from "./target-grid.js";
import { toSegments } from "./time-segments.js";
import { FIELDS_FOLDER, STATIC_FOLDER, type StoreOrigin } from "./weather-store.js";

export interface PrepareStoreOptions {
  /** Open files; each channel is taken from the first that has it. */
  readonly sources: readonly GriddedDataset[];
  /** Channels that change with time, in the order of the store. */
  readonly channels: readonly ChannelChoice[];
  /** Channels that do not; `lat2d` and `lon2d` need no source. */
  readonly staticChannels?: readonly ChannelChoice[];
  /** The sources' own grid if absent. */
  readonly regrid?: RegridChoice;
  readonly times?: TimeChoice;
  readonly dtype: ShardDtype;
  /** The store's folder. */
  readonly out: string;
  /** Most bytes that source fields and finished records take at once; 256 MiB if absent. One time is always read. */
  readonly maxBytes?: number;
  readonly recordsPerShard?: number;
  readonly onProgress?: (progress: PrepareProgress) => void;
}

export interface PrepareProgress {
  /** Times that are written, of all. */
  readonly done: number;
  readonly total: number;
  /** Times that an earlier run had written. */
  readonly resumedFrom: number;
}

/** What a store holds, for the line that says so. */
export interface PreparedStore {
  readonly times: number;
  /** Times that some source has and others lack; they are left out. */
  readonly timesLeftOut: number;
  readonly gaps: number;
  readonly shape: readonly [channels: number, height: number, width: number];
}

const MAX_BYTES = 2 ** 28;

/**
 * Makes a training store: fields of all channels at one time are one record of packed shards. Sources are read by
 * blocks of times. Called again after a crash it goes on behind the last whole shard, to the same bytes; a complete
 * store stays as it is.
 *
 * Layout: records `[V, H, W]` by time, north in row 0.
 * Units: the catalogue's; those of the file for other variables.
 *
 * @throws {MismatchError} if a channel is in no source, in a unit that does not fit, or the folder holds another store.
 * @throws {ConfigError} if no time is left, or the sources' grids differ and none is chosen.
 */
export async function prepareStore(options: PrepareStoreOptions): Promise<PreparedStore> {
  const { sources, dtype, out, recordsPerShard, maxBytes = MAX_BYTES, onProgress } = options;
  if (options.channels.length === 0)
    throw new ConfigError("channels: expected at least one, got none. Name some, as z500.");
  const fields = await findFields(sources, options.channels);
  const times = await alignTimes(fields, options.times);
  const target = await openTargetGrid(fields, options.regrid);
  const shape = [fields.length, target.grid.latitudes.length, target.grid.longitudes.length] as const;
  await writeStatic(options, target.grid);
  const metadata = (await describeOrigin(options, fields, times, target.grid)) as unknown as JsonValue;
  const writer = await openShardWriter({
    folder: join(out, FIELDS_FOLDER),
    dtype,
    shape,
    schema: schemaOf(fields),
    ...(recordsPerShard !== undefined && { recordsPerShard }),
    metadata,
  });
  const total = times.hours.length;
  const resumedFrom = writer.lastPosition + 1;
  try {
    if (!writer.complete) {
      const blocks = cutBlocks(fields, times, resumedFrom, { maxBytes, recordValues: shape[0] * shape[1] * shape[2] });
      for (const block of blocks) {
        await writeBlock(writer, block, times, target, shape);
        onProgress?.({ done: block.to, total, resumedFrom });
      }
      await writer.finish();
    }
  } finally {
    await writer.close();
  }
  return { times: total, timesLeftOut: times.leftOut, gaps: toSegments(times.hours).length - 1, shape };
}

/** Times `[from, to)` of the store, which are evenly spaced in every source. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly groups: readonly FieldGroup[];
}

function* cutBlocks(
  fields: readonly FieldSource[],
  times: AlignedTimes,
  first: number,
  { maxBytes, recordValues }: { readonly maxBytes: number; readonly recordValues: number },
): Generator<Block> {
  const groups = groupFields(fields);
  const groupValues = groups.map(({ dataset, dimensions: { latitude, longitude }, levels }) => {
    const plane = (dataset.dimensions[latitude] as number) * (dataset.dimensions[longitude] as number);
    return (levels[1] - levels[0] + 1) * plane;
  });
  // A group's values exist twice while they are decoded or put in order.
  const bytesPerTime = 4 * (recordValues + 2 * Math.max(...groupValues));
  const most = Math.max(1, Math.floor(maxBytes / bytesPerTime));
  for (let from = first; from < times.hours.length; ) {
    const to = Math.min(from + most, times.evenUntil(from));
    yield { from, to, groups };
    from = to;
  }
}

async function writeBlock(
  writer: ShardWriter,
  { from, to, groups }: Block,
  times: AlignedTimes,
  target: TargetGrid,
  shape: readonly [number, number, number],
): Promise<void> {
  const plane = shape[1] * shape[2];
  const records = new Float32Array((to - from) * shape[0] * plane);
  for (const group of groups) {
    const slice = times.sliceOf(group.dataset, from, to);
    const mapped = await readMapped(group, slice, target);
    const levels = group.levels[1] - group.levels[0] + 1;
    for (const { channel, level, field } of group.members)
      for (let time = 0; time < to - from; time++) {
        const start = (time * levels + level - group.levels[0]) * plane;
        convertInto(records, (time * shape[0] + channel) * plane, mapped.subarray(start, start + plane), field);
      }
  }
  for (let time = from; time < to; time++) {
    const start = (time - from) * shape[0] * plane;
    const id = formatHours(times.calendar, times.hours[time] as number);
    await writer.append({ pixels: records.subarray(start, start + shape[0] * plane), id, position: time });
  }
}

/** Shape: `[T, L, h, w]` on the store's grid. */
async function readMapped(group: FieldGroup, slice: TimeSlice, target: TargetGrid): Promise<Float32Array> {
  const map = target.mapperOf(group.members[0]?.field as FieldSource);
  return map(await readGroup(group, slice));
}

function convertInto(into: Float32Array, at: number, values: Float32Array, { conversion }: FieldSource): void {
  const { scale, offset } = conversion;
  if (scale === 1 && offset === 0) into.set(values, at);
  else
    for (let index = 0; index < values.length; index++) into[at + index] = (values[index] as number) * scale + offset;
}

async function writeStatic(options: PrepareStoreOptions, grid: LatLonGrid): Promise<void> {
  const { staticChannels = [], sources, regrid, out } = options;
  if (staticChannels.length === 0) return;
  const fromGrid = { lat2d: latitudeField, lon2d: longitudeField };
  const isFromGrid = (choice: ChannelChoice): choice is keyof typeof fromGrid =>
    typeof choice === "string" && Object.hasOwn(fromGrid, choice);
  const [height, width] = [grid.latitudes.length, grid.longitudes.length];
  const pixels = new Float32Array(staticChannels.length * height * width);
  const schema: ChannelSchema[number][] = [];
  for (const [channel, choice] of staticChannels.entries()) {
    const at = channel * height * width;
    if (isFromGrid(choice)) {
      pixels.set(fromGrid[choice](grid), at);
      schema.push({ name: choice, unit: choice === "lat2d" ? "degrees_north" : "degrees_east" });
      continue;
    }
    const [field] = (await findFields(sources, [choice])) as [FieldSource];
    const target = await openTargetGrid([field], regrid ?? { grid, method: "bilinear" });
    const values = await readMapped(groupFields([field])[0] as FieldGroup, { start: 0, count: 1, step: 1 }, target);
    if (values.length !== height * width)
      throw new ShapeError(`static channel '${field.name}'`, `${height} x ${width}`, `${values.length} values`);
    convertInto(pixels, at, values, field);
    schema.push(...schemaOf([field]));
  }
  const writer = await openShardWriter({
    folder: join(out, STATIC_FOLDER),
    dtype: "float32",
    shape: [staticChannels.length, height, width],
    schema,
    metadata: null,
  });
  try {
    if (!writer.complete) {
      if (writer.lastPosition < 0) await writer.append({ pixels, id: "static", position: 0 });
      await writer.finish();
    }
  } finally {
    await writer.close();
  }
}

function schemaOf(fields: readonly FieldSource[]): ChannelSchema {
  return fields.map(({ name, unit, levelHpa }) => ({
    name,
    ...(unit !== undefined && { unit }),
    ...(levelHpa !== undefined && { levelHpa }),
  }));
}

async function describeOrigin(
  { regrid, staticChannels = [] }: PrepareStoreOptions,
  fields: readonly FieldSource[],
  times: AlignedTimes,
  grid: LatLonGrid,
): Promise<StoreOrigin> {
  return {
    kind: "weather-store",
    calendar: times.calendar,
    times: toSegments(times.hours),
    grid: { latitudes: Array.from(grid.latitudes), longitudes: Array.from(grid.longitudes) },
    regrid: regrid ? { method: regrid.method, maxMissing: regrid.maxMissing ?? 0 } : null,
    staticChannels: staticChannels.map((choice) => (typeof choice === "string" ? choice : choice.name)),
    sources: fields.map(({ name, dataset, variable }) => ({
      channel: name,
      uri: dataset.uri,
      variable: variable.name,
    })),
    madeBy: `@graticule/data-era5 ${await packageVersion()}`,
  };
}

async function packageVersion(): Promise<string> {
  // A build lies in dist/, one level below the package; this file two.
  const root = new URL(import.meta.url.endsWith(".ts") ? "../../" : "../", import.meta.url);
  return (JSON.parse(await readFile(new URL("package.json", root), "utf8")) as { version: string }).version;
}
