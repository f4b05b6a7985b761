import { FormatError } from "@graticule/core";
import { decodeTimes, isTimeUnits, type TimeAxis } from "../cf/time-axis.js";
import type { GriddedDataset, GriddedVariable } from "../gridded-dataset.js";

/** What a dimension's coordinate stands for. */
export type CoordinateRole = "latitude" | "longitude" | "level" | "time";

const UNIT_ROLES: readonly (readonly [RegExp, CoordinateRole])[] = [
  [/^degrees?_?n(orth)?$/i, "latitude"],
  [/^degrees?_?e(ast)?$/i, "longitude"],
  [/^(hPa|Pa|kPa|mbar|mb|millibars?|bar|levels?|layer|sigma_level)$/i, "level"],
];

const NAME_ROLES: readonly (readonly [RegExp, CoordinateRole])[] = [
  [/^(lat|latitude)$/i, "latitude"],
  [/^(lon|long|longitude)$/i, "longitude"],
  [/^(lev|level|plev|levels?|pressure|pressure_level|isobaricinhpa)$/i, "level"],
  [/^(time|valid_time|t)$/i, "time"],
];

const AXIS_ROLES: Readonly<Record<string, CoordinateRole>> = { X: "longitude", Y: "latitude", Z: "level", T: "time" };

/** A one-dimensional variable that gives a dimension its values. */
export function coordinateOf(dataset: GriddedDataset, dim: string): GriddedVariable | undefined {
  const variable = dataset.variables.get(dim);
  return variable?.dims.length === 1 && variable.dims[0] === dim ? variable : undefined;
}

/**
 * What a coordinate stands for: by standard name, units and axis, as the CF conventions (section 4) have it, else by
 * the names in use.
 */
export function roleOf({ name, attributes }: GriddedVariable): CoordinateRole | undefined {
  const standard = String(attributes.standard_name ?? "");
  if (standard === "latitude" || standard === "longitude" || standard === "time") return standard;
  if (standard === "air_pressure" || /height|depth|altitude|sigma|model_level/.test(standard)) return "level";
  if (isTimeUnits(attributes.units)) return "time";
  const units = String(attributes.units ?? "");
  const byUnits = UNIT_ROLES.find(([pattern]) => pattern.test(units))?.[1];
  const byAxis = AXIS_ROLES[String(attributes.axis ?? "").toUpperCase()];
  const short = name.slice(name.lastIndexOf("/") + 1);
  // Projected coordinates have the axes X and Y, too, but are no degrees.
  const isAngle = byAxis !== "longitude" && byAxis !== "latitude";
  return byUnits ?? (isAngle ? byAxis : undefined) ?? NAME_ROLES.find(([pattern]) => pattern.test(short))?.[1];
}

/** The dimension with a role; undefined if none or several have it. */
export function dimensionOf(dataset: GriddedDataset, role: CoordinateRole): string | undefined {
  const found = Object.keys(dataset.dimensions).filter((dim) => {
    const variable = coordinateOf(dataset, dim);
    return variable !== undefined && roleOf(variable) === role;
  });
  return found.length === 1 ? found[0] : undefined;
}

/**
 * Reads a dimension's coordinate.
 *
 * @throws {FormatError} if the dimension has none.
 */
export async function readCoordinate(
  dataset: GriddedDataset,
  dim: string,
): Promise<{ readonly variable: GriddedVariable; readonly values: Float64Array }> {
  const variable = coordinateOf(dataset, dim);
  if (variable === undefined)
    throw new FormatError(
      dataset.uri,
      `a coordinate variable for the dimension '${dim}'`,
      `variables ${[...dataset.variables.keys()].slice(0, 20).join(", ")}`,
      "Select by index.",
    );
  return { variable, values: Float64Array.from((await variable.read()).data) };
}

/**
 * Reads and decodes a dataset's times.
 *
 * @param dim the dimension of time; found by its role if absent.
 * @throws {FormatError} if there is none, or its units can't be read.
 */
export async function readTimeAxis(dataset: GriddedDataset, dim = dimensionOf(dataset, "time")): Promise<TimeAxis> {
  const { variable, values } = await readCoordinate(dataset, dim ?? "time");
  const { units, calendar } = variable.attributes;
  const where = `${dataset.uri}: '${variable.name}'`;
  return decodeTimes(values, String(units), calendar === undefined ? undefined : String(calendar), where);
}

/** Edges of a coordinate's cells, [N, 2]: its CF `bounds` variable, or midpoints between neighbors. */
export async function readBounds(dataset: GriddedDataset, dim: string): Promise<Float64Array> {
  const { variable, values } = await readCoordinate(dataset, dim);
  const bounds = dataset.variables.get(String(variable.attributes.bounds));
  if (bounds !== undefined && bounds.shape.length === 2 && bounds.shape[0] === values.length && bounds.shape[1] === 2)
    return Float64Array.from((await bounds.read()).data);
  const limit = roleOf(variable) === "latitude" ? 90 : Infinity;
  const clamp = (value: number): number => Math.min(limit, Math.max(-limit, value));
  const edges = new Float64Array(2 * values.length);
  const at = (index: number): number => values[index] as number;
  for (let index = 0; index < values.length; index++) {
    const before = index > 0 ? at(index) - at(index - 1) : at(1) - at(0);
    const after = index + 1 < values.length ? at(index + 1) - at(index) : before;
    edges[2 * index] = clamp(at(index) - before / 2);
    edges[2 * index + 1] = clamp(at(index) + after / 2);
  }
  return edges;
}

/** A level's pressure in hectopascals. */
export function toHectopascals(value: number, units: unknown): number {
  const unit = String(units ?? "hPa").toLowerCase();
  if (unit === "pa") return value / 100;
  if (unit === "kpa") return value * 10;
  return unit === "bar" ? value * 1000 : value;
}
