import { ConfigError, makeRandom } from "@graticule/core";
import type { Dataset, DatasetSpec, Draw, JsonValue, Sample } from "@graticule/data";
import { type BandSelection, selectBands } from "../band-selection.js";
import { offsetTransform } from "../grid/geo-transform.js";
import type { Grid } from "../grid/grid.js";
import type { GridMethod } from "../grid/resample-to-grid.js";
import type { GeoPatchesOptions } from "./geo-patches.js";
import { listGridPlaces, makeRandomSampler, type PatchArea, type PatchPlace } from "./patch-sampler.js";
import { readPatch } from "./read-patch.js";
import { readSceneDate } from "./scene-date.js";
import { isWithin, makeLocator, openScenes, type Scene, type ScenePaths } from "./scenes.js";

export interface TimeStacksOptions extends Pick<GeoPatchesOptions, "size" | "region"> {
  readonly scenes: ScenePaths;
  readonly sampler:
    | { readonly kind: "random"; readonly length: number }
    | { readonly kind: "grid"; readonly stride?: readonly [rows: number, columns: number] };
  readonly bands?: BandSelection;
  /** Where a date's grid differs from its stack's first; "bilinear" if absent. */
  readonly method?: GridMethod;
  /** Regular expression with groups `year`, `month`, `day` for file names whose dates are in no usual form. */
  readonly datePattern?: string;
  /** Days to read, `YYYY-MM-DD`, in this order; every day that some scene has if absent. */
  readonly dates?: readonly string[];
}

/** Patches of many days; `dates` are the days of T. */
export interface TimeStacks extends Dataset {
  readonly dates: readonly string[];
}

interface Stack {
  readonly grid: Grid;
  readonly scenes: { readonly date: string; readonly scene: Scene }[];
}

/**
 * Opens patches through time. Scenes form a stack where the middle of one lies in the other; every patch has the same
 * days, and a day that a stack lacks is NaN. Channels are day by day, so that crops, flips and scaling take all days
 * alike: channel t·C + c is band c of day t.
 *
 * Shape: pixels `[T·C, H, W]`; array `days` `[T]`, days since the first.
 *
 * @throws {ConfigError} if a scene has no date, or no patch fits. @throws {FormatError} if a scene is broken.
 */
export async function openTimeStacks(options: TimeStacksOptions): Promise<TimeStacks> {
  const { size, sampler, method = "bilinear", region } = options;
  const scenes = await openScenes(options.scenes);
  const dated: { date: string; scene: Scene }[] = [];
  for (const scene of scenes) dated.push({ date: await readSceneDate(scene.raster.path, options.datePattern), scene });
  const stacks = groupByPlace(dated);
  const dates = options.dates ?? [...new Set(dated.map(({ date }) => date))].sort();
  const unknown = dates.find((date) => Number.isNaN(Date.parse(date)) || !dated.some((found) => found.date === date));
  if (unknown !== undefined || dates.length === 0)
    throw new ConfigError(`openTimeStacks: expected dates that some scene has, got '${unknown ?? "none"}'.`);
  const { raster } = scenes[0] as Scene;
  const bands = selectBands(raster.path, raster.bandNames, options.bands);
  const schema = dates.flatMap((date) => bands.map((band) => ({ name: `${date}/${raster.bandNames[band]}` })));
  const area: PatchArea = { grids: stacks.map(({ grid }) => grid), size, region, accepts: () => true };
  const { length, placeOf } = openStackSampler(area, sampler);
  const start = Date.parse(dates[0] as string);
  const days = Float32Array.from(dates, (date) => (Date.parse(date) - start) / 86_400_000);

  async function read(index: number, draw: Draw = { seed: 0, epoch: 0 }): Promise<Sample> {
    if (!(index >= 0 && index < length))
      throw new RangeError(`read: expected an index from 0 to ${length - 1}, got ${index}.`);
    const { grid: stackIndex, window } = placeOf(index, draw);
    const stack = stacks[stackIndex] as Stack;
    const { row, column, height, width } = window;
    const transform = offsetTransform(stack.grid.transform, column, row);
    const grid: Grid = { crs: stack.grid.crs, transform, height, width };
    const values = bands.length * height * width;
    const pixels = new Float32Array(dates.length * values).fill(NaN);
    for (const [time, date] of dates.entries()) {
      const ofDay = stack.scenes.filter((found) => found.date === date).map(({ scene }) => scene);
      if (ofDay.length > 0) pixels.set(await readPatch(ofDay, grid, bands, method), time * values);
    }
    const id = `stack ${stackIndex}@${row},${column}`;
    return {
      pixels,
      shape: [schema.length, height, width],
      id,
      arrays: { days: { data: days, shape: [days.length] } },
    };
  }

  return { length, schema, dates, read };
}

/** How worker threads open the same stacks. */
export function timeStacksSpec(options: TimeStacksOptions): DatasetSpec {
  return { module: import.meta.url, export: "openTimeStacks", options: options as unknown as JsonValue };
}

/** The first scene of a place, in the order of days and names, gives its stack's grid. */
function groupByPlace(dated: readonly { readonly date: string; readonly scene: Scene }[]): Stack[] {
  const order = (found: { date: string; scene: Scene }): string => `${found.date} ${found.scene.raster.path}`;
  const stacks: (Stack & { readonly bounds: Scene["bounds"]; readonly middle: readonly [number, number] })[] = [];
  for (const found of [...dated].sort((a, b) => (order(a) < order(b) ? -1 : 1))) {
    const { grid, bounds } = found.scene;
    const middle = makeLocator(grid).toDegrees(grid.width / 2, grid.height / 2);
    const stack = stacks.find((known) => isWithin(known.bounds, ...middle) && isWithin(bounds, ...known.middle));
    if (stack) stack.scenes.push(found);
    else stacks.push({ grid, bounds, middle, scenes: [found] });
  }
  return stacks;
}

function openStackSampler(
  area: PatchArea,
  sampler: TimeStacksOptions["sampler"],
): { length: number; placeOf: (index: number, draw: Draw) => PatchPlace } {
  if (sampler.kind === "grid") {
    const places = listGridPlaces(area, sampler.stride ?? area.size);
    return { length: places.length, placeOf: (index) => places[index] as PatchPlace };
  }
  const draw = makeRandomSampler(area);
  return { length: sampler.length, placeOf: (index, at) => draw(makeRandom(at.seed, "patch", at.epoch, index)) };
}
