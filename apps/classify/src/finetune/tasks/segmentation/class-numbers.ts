import { ConfigError } from "@graticule/core";
import type { Dataset } from "@graticule/data";
import { readTargets } from "../target-array.js";
import type { SegmentationSettings } from "./settings.js";

/** What the training rasters of classes hold. */
export interface SegmentationFacts {
  /** The classes' numbers, in the order of the outputs. */
  readonly classValues: readonly number[];
  readonly classNames: readonly string[];
  /** Training pixels of each class. */
  readonly counts: readonly number[];
  /** Share of the training pixels that have a class. */
  readonly labelledShare: number;
}

/** More values than these are no classes. */
const MAX_CLASSES = 1000;

/**
 * Counts the classes of the training rasters.
 *
 * @throws {ConfigError} if no pixel has a class, the values are too many to be classes, or names don't fit.
 */
export async function countClasses(settings: SegmentationSettings, dataset: Dataset): Promise<SegmentationFacts> {
  const { target, ignoreValues } = settings;
  const found = new Map<number, number>();
  let pixels = 0;
  for await (const { data, shape } of readTargets(dataset, target)) {
    const plane = (shape[1] as number) * (shape[2] as number);
    pixels += plane;
    for (const value of data.subarray(0, plane)) {
      if (Number.isNaN(value)) continue;
      found.set(value, (found.get(value) ?? 0) + 1);
      if (found.size > MAX_CLASSES)
        throw new ConfigError(`task: expected at most ${MAX_CLASSES} classes in '${target}', got more values.`);
    }
  }
  const values = [...found.keys()].filter((value) => !ignoreValues.includes(value)).sort((a, b) => a - b);
  const classValues = settings.classValues ?? values;
  const counts = classValues.map((value) => found.get(value) ?? 0);
  const labelled = counts.reduce((sum, count) => sum + count, 0);
  if (labelled === 0)
    throw new ConfigError(
      `task: expected training pixels of ${settings.classValues ? `classes ${classValues.join(", ")}` : "some class"}, got values ${values.join(", ") || "of nodata alone"}.`,
    );
  const classNames = settings.classNames ?? classValues.map(String);
  if (classNames.length !== classValues.length)
    throw new ConfigError(
      `task.classNames: expected a name for each of the classes ${classValues.join(", ")}, got ${classNames.join(", ")}.`,
    );
  return { classValues, classNames, counts, labelledShare: labelled / pixels };
}
