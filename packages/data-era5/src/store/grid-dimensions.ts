import { MismatchError } from "@graticule/core";
import type { GriddedDataset, GriddedVariable } from "../gridded-dataset.js";
import { type CoordinateRole, coordinateOf, readCoordinate, roleOf, toHectopascals } from "../select/coordinates.js";

/** Names of a variable's dimensions by what they measure. Any other dimension of it has length 1. */
export interface GridDimensions {
  readonly time?: string;
  readonly level?: string;
  readonly latitude: string;
  readonly longitude: string;
}

/**
 * Finds out what each dimension of a variable measures, by its coordinate variable.
 *
 * @throws {MismatchError} if it has no latitude or longitude, or another dimension that is longer than 1.
 */
export function findDimensions(dataset: GriddedDataset, variable: GriddedVariable): GridDimensions {
  const found: { -readonly [role in CoordinateRole]?: string } = {};
  for (const [position, dim] of variable.dims.entries()) {
    const coordinate = coordinateOf(dataset, dim);
    const role = coordinate && roleOf(coordinate);
    const length = variable.shape[position] as number;
    if (role && found[role] === undefined) found[role] = dim;
    else if (length !== 1)
      throw new MismatchError(
        `${dataset.uri}: ${variable.name}`,
        "dimensions time, level, latitude and longitude alone",
        `${dim} of length ${length}`,
        "Select one of it and write that to a file of its own.",
      );
  }
  const { latitude, longitude, ...others } = found;
  if (latitude === undefined || longitude === undefined)
    throw new MismatchError(
      `${dataset.uri}: ${variable.name}`,
      "dimensions of latitude and longitude",
      `(${variable.dims.join(", ")})`,
      "Projected and curvilinear grids must be regridded first.",
    );
  return { latitude, longitude, ...others };
}

/** Pressures on a level dimension in hPa; a file without units is taken to mean hPa. */
export async function readLevelsHpa(dataset: GriddedDataset, dim: string): Promise<Float64Array> {
  const { variable, values } = await readCoordinate(dataset, dim);
  return values.map((level) => toHectopascals(level, variable.attributes.units));
}
