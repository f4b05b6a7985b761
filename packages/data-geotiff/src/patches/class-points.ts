import { ConfigError, makeRandom, type Random } from "@graticule/core";
import { makeLocator, type Scene } from "./scenes.js";

/** Pixels of each class of a label layer, to draw from. */
export interface ClassPoints {
  /** The classes' values, ascending. */
  readonly classes: readonly number[];
  /** Pixels of each class in all scenes. */
  readonly counts: readonly number[];
  /** Longitude and latitude of one of a class's pixels. */
  draw(label: number, random: Random): readonly [longitude: number, latitude: number];
}

/** Pixels kept of each class: enough that patches seldom repeat, few enough for any number of scenes. */
const KEPT = 20_000;
const ROWS_AT_ONCE = 256;
/** More values than this are no classes. */
const MAX_CLASSES = 1000;

/**
 * Reads label scenes through and keeps up to 20,000 pixels of each class, each as likely as the others (reservoir
 * sampling; the same for the same seed).
 *
 * @throws {ConfigError} if no pixel has one of the classes, or the values are too many to be classes.
 */
export async function collectClassPoints(
  scenes: readonly Scene[],
  band: number,
  only: readonly number[] | undefined,
  seed: number,
): Promise<ClassPoints> {
  const kept = new Map<number, { count: number; places: Float64Array }>();
  const random = makeRandom(seed, "class points");
  for (const { raster, grid } of scenes) {
    const locator = makeLocator(grid);
    for (let row = 0; row < raster.height; row += ROWS_AT_ONCE) {
      const height = Math.min(ROWS_AT_ONCE, raster.height - row);
      const values = await raster.readWindow({ row, column: 0, height, width: raster.width, bands: [band] });
      for (let index = 0; index < values.length; index++) {
        const value = values[index] as number;
        if (Number.isNaN(value) || (only !== undefined && !only.includes(value))) continue;
        let points = kept.get(value);
        if (points === undefined) {
          if (kept.size >= MAX_CLASSES)
            throw new ConfigError(
              `openGeoPatches: expected at most ${MAX_CLASSES} classes, got more in ${raster.path}. Name a layer of classes.`,
            );
          points = { count: 0, places: new Float64Array(2 * KEPT) };
          kept.set(value, points);
        }
        const slot = points.count < KEPT ? points.count : Math.floor(random.float() * (points.count + 1));
        points.count += 1;
        if (slot >= KEPT) continue;
        const place = locator.toDegrees((index % raster.width) + 0.5, row + Math.floor(index / raster.width) + 0.5);
        points.places.set(place, 2 * slot);
      }
    }
  }
  const classes = [...kept.keys()].sort((a, b) => a - b);
  if (classes.length === 0)
    throw new ConfigError(
      `openGeoPatches: expected pixels of ${only ? `classes ${only.join(", ")}` : "some class"} in ${scenes.length} label scenes, got none.`,
    );
  return {
    classes,
    counts: classes.map((value) => kept.get(value)?.count ?? 0),
    draw(label, draws) {
      const { count, places } = kept.get(classes[label] as number) as { count: number; places: Float64Array };
      const slot = draws.integer(Math.min(count, KEPT));
      return [places[2 * slot] as number, places[2 * slot + 1] as number];
    },
  };
}
