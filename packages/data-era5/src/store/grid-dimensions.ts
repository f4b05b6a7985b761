import { MismatchError } from "@graticule/core";
import type { GriddedDataset, GriddedVariable } from "../gridded-dataset.js";
import { unitConversion } from "../variables/unit-conversion.js";

/** What a dimension of a file measures. */
export type DimensionKind = "time" | "level" | "latitude" | "longitude";

/** Names of a variable's dimensions by what they measure. Any other dimension of it has length 1. */
export interface GridDimensions {
  readonly time?: string;
  readonly level?: string;
  readonly latitude: string;
  readonly longitude: string;
}

const NAMES: Readonly<Record<DimensionKind, readonly string[]>> = {
  time: ["time", "valid_time"],
  level: ["level", "levels", "lev", "plev", "pressure", "pressure_level", "isobaricInhPa"],
  latitude: ["latitude", "lat"],
  longitude: ["longitude", "lon"],
};
const STANDARD_NAMES: Readonly<Record<string, DimensionKind>> = {
  time: "time",
  air_pressure: "level",
  latitude: "latitude",
  longitude: "longitude",
};

/**
 * Finds out what each dimension of a variable measures: by standard name, unit or name of its coordinate variable.
 *
 * @throws {MismatchError} if it has no latitude or longitude, or another dimension that is longer than 1.
 */
export function findDimensions(dataset: GriddedDataset, variable: GriddedVariable): GridDimensions {
  const found: { -readonly [kind in DimensionKind]?: string } = {};
  for (const [position, dim] of variable.dims.entries()) {
    const kind = kindOf(dim, dataset.variables.get(dim));
    const length = variable.shape[position] as number;
    if (kind && found[kind] === undefined) found[kind] = dim;
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

function kindOf(dim: string, coordinate: GriddedVariable | undefined): DimensionKind | undefined {
  const { standard_name: standardName, units, axis } = coordinate?.attributes ?? {};
  if (typeof standardName === "string" && Object.hasOwn(STANDARD_NAMES, standardName))
    return STANDARD_NAMES[standardName];
  if (typeof units === "string") {
    if (/^degrees?_?(north|N)$/.test(units)) return "latitude";
    if (/^degrees?_?(east|E)$/.test(units)) return "longitude";
    if (/ since /.test(units)) return "time";
    if (axis !== "T" && unitConversion(units, "Pa")) return "level";
  }
  return (Object.keys(NAMES) as DimensionKind[]).find(
    (kind) => NAMES[kind].includes(dim.toLowerCase()) || NAMES[kind].includes(dim),
  );
}

/** Reads a whole coordinate; the indices 0, 1, … where the file has none. */
export async function readCoordinate(dataset: GriddedDataset, dim: string): Promise<Float64Array> {
  const coordinate = dataset.variables.get(dim);
  if (coordinate) return Float64Array.from((await coordinate.read()).data);
  return Float64Array.from({ length: dataset.dimensions[dim] ?? 0 }, (_, index) => index);
}

/** Pressures on a level dimension in hPa; a file without units is taken to mean hPa. */
export async function readLevelsHpa(dataset: GriddedDataset, dim: string): Promise<Float64Array> {
  const units = dataset.variables.get(dim)?.attributes.units;
  const conversion = typeof units === "string" ? unitConversion(units, "hPa") : undefined;
  const levels = await readCoordinate(dataset, dim);
  return levels.map((level) => level * (conversion?.scale ?? 1));
}
