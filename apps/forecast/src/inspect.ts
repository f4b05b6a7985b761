import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatTable } from "@graticule/classify";
import { formatBytes } from "@graticule/core";
import {
  dimensionOf,
  formatHours,
  openDataset,
  openWeatherStore,
  readStatistics,
  readTimeAxis,
  type StoreStatistics,
  type WeatherStore,
} from "@graticule/data-era5";
import { folderBytes } from "./folder-bytes.js";

/** Describes a store, or a file of weather data, as text. */
export function inspect(uri: string): Promise<string> {
  return existsSync(join(uri, "fields", "index.json")) ? inspectStore(uri) : inspectSource(uri);
}

async function inspectStore(folder: string): Promise<string> {
  const store = await openWeatherStore(folder);
  try {
    const statistics = existsSync(join(folder, "statistics.json")) ? await readStatistics(store) : undefined;
    return [
      `${folder}: ${formatBytes(await folderBytes(folder))}, ${describeTimes(store)}`,
      `records [${store.fields.shape.join(", ")}] of ${store.fields.dtype}, ${describeRegrid(store)}`,
      ...(statistics ? describeSplits(store, statistics) : ["no statistics: measure the store"]),
      "",
      channelTable(store, statistics),
    ].join("\n");
  } finally {
    await store.close();
  }
}

function describeTimes({ hours, calendar, origin }: WeatherStore): string {
  const [first, last] = [hours[0], hours.at(-1)].map((time) => formatHours(calendar, time as number));
  const steps = [...new Set(origin.times.filter(({ count }) => count > 1).map(({ stepHours }) => `${stepHours} h`))];
  const gaps = origin.times.length - 1;
  return `${hours.length} times from ${first} to ${last} (${calendar}) every ${steps.join(" or ")}${gaps > 0 ? `, ${gaps} gaps` : ""}`;
}

function describeRegrid({ grid, origin }: WeatherStore): string {
  const { latitudes, longitudes } = grid;
  const span = `${latitudes[0]} to ${latitudes.at(-1)} north, ${longitudes[0]} to ${longitudes.at(-1)} east`;
  return origin.regrid ? `${span}, ${origin.regrid.method} from the sources` : `${span}, the sources' grid`;
}

function describeSplits({ calendar }: WeatherStore, { id, splits, gapHours }: StoreStatistics): string[] {
  const spans = Object.entries(splits).map(
    ([name, { fromHours, toHours }]) =>
      `${name} ${formatHours(calendar, fromHours)} to ${formatHours(calendar, toHours)}`,
  );
  return [`splits: ${spans.join("; ")}; gap ${gapHours} h; statistics ${id}`];
}

function channelTable(store: WeatherStore, statistics: StoreStatistics | undefined): string {
  const tendencies = Object.entries(statistics?.tendencies ?? {});
  const number = (value: number | undefined): string => (value === undefined ? "" : value.toPrecision(5));
  const rows = store.schema.map(({ name, unit = "" }, channel) => [
    name,
    unit,
    number(statistics?.channels[channel]?.mean),
    number(statistics?.channels[channel]?.std),
    ...tendencies.map(([, scales]) => number(scales[channel]?.std)),
    store.origin.sources[channel]?.uri ?? "",
  ]);
  const fixed = (store.static?.schema ?? []).map(({ name, unit = "" }) => [name, unit, "static"]);
  const columns = [
    "channel",
    "unit",
    "mean",
    "std",
    ...tendencies.map(([hours]) => `std of ${hours} h change`),
    "source",
  ];
  return formatTable(columns, [...rows, ...fixed]);
}

async function inspectSource(uri: string): Promise<string> {
  const source = await openDataset(uri);
  try {
    const dimensions = Object.entries(source.dimensions).map(([name, length]) => `${name} ${length}`);
    const time = dimensionOf(source, "time");
    const variables = [...source.variables.values()].map(({ name, dims, shape, attributes }) => [
      name,
      `(${dims.join(", ")})`,
      shape.join(" x "),
      String(attributes.units ?? ""),
      String(attributes.long_name ?? attributes.standard_name ?? ""),
    ]);
    return [
      `${source.uri}: ${source.format}; ${dimensions.join(", ")}`,
      ...(time === undefined ? [] : [await timeSpan(source, time)]),
      ...Object.entries(source.skipped).map(([name, why]) => `left out: ${name}, ${why}`),
      "",
      formatTable(["variable", "dimensions", "shape", "units", "name"], variables),
    ].join("\n");
  } finally {
    await source.close();
  }
}

async function timeSpan(source: Awaited<ReturnType<typeof openDataset>>, dim: string): Promise<string> {
  const { calendar, milliseconds } = await readTimeAxis(source, dim);
  const [first = 0, last = 0] = [milliseconds[0], milliseconds.at(-1)];
  const text = (time: number): string => formatHours(calendar, time / 3_600_000);
  return `times from ${text(first)} to ${text(last)} (${calendar})`;
}
