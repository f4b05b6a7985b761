import { FormatError } from "@graticule/core";
import { product, type Region } from "@graticule/data/arrays";
import type { Selection } from "../gridded-dataset.js";

/** A selection made definite for one variable. */
export interface ResolvedSelection {
  readonly region: Region;
  /** Names and sizes of the dimensions that are kept: single indices drop theirs. */
  readonly dims: readonly string[];
  readonly shape: readonly number[];
}

/**
 * Checks a selection against a variable. Names of dimensions that the variable lacks are ignored, so that one
 * selection serves all variables of a dataset.
 *
 * @throws {RangeError} if an index or range leaves its dimension.
 */
export function resolveSelection(
  variable: { readonly name: string; readonly dims: readonly string[]; readonly shape: readonly number[] },
  selection: Selection,
): ResolvedSelection {
  const start: number[] = [];
  const count: number[] = [];
  const step: number[] = [];
  const dims: string[] = [];
  const shape: number[] = [];
  variable.dims.forEach((name, dim) => {
    const size = variable.shape[dim] as number;
    const slice = Object.hasOwn(selection, name) ? selection[name] : undefined;
    if (typeof slice === "number") {
      if (!(Number.isInteger(slice) && slice >= 0 && slice < size))
        throw new RangeError(
          `${variable.name}: expected an index of '${name}' from 0 to ${size - 1}, got ${slice}. Check the selection.`,
        );
      start.push(slice);
      count.push(1);
      step.push(1);
      return;
    }
    const from = slice?.start ?? 0;
    const to = slice?.stop ?? size;
    const by = slice?.step ?? 1;
    if (![from, to, by].every(Number.isInteger) || from < 0 || to > size || from > to || by < 1)
      throw new RangeError(
        `${variable.name}: expected a range of '${name}' within 0 to ${size} by a step of at least 1, got ${from} to ${to} by ${by}. Check the selection.`,
      );
    const length = Math.ceil((to - from) / by);
    start.push(from);
    count.push(length);
    step.push(by);
    dims.push(name);
    shape.push(length);
  });
  return { region: { start, count, step }, dims, shape };
}

/**
 * Bounds what one read may yield, before memory is taken.
 *
 * @throws {FormatError} if a region holds more than `maxValues` values.
 */
export function assertValueCount(uri: string, name: string, region: Region, maxValues: number): void {
  const values = product(region.count);
  if (!(values <= maxValues))
    throw new FormatError(
      uri,
      `at most ${maxValues} values of '${name}' in one read`,
      `${region.count.join(" × ")} = ${values}`,
      "Select less, or raise maxValues.",
    );
}

/**
 * Checks memory that a caller gives for a region.
 *
 * @throws {RangeError} unless it has room for exactly that many values.
 */
export function assertRoom(name: string, region: Region, into: Float32Array | undefined): void {
  const values = product(region.count);
  if (into !== undefined && into.length !== values)
    throw new RangeError(
      `${name}: expected memory for ${values} values, got ${into.length}. Size it by the selection.`,
    );
}
