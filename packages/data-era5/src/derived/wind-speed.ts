import { ShapeError } from "@graticule/core";

/**
 * Speed of the wind from its components; NaN where either is.
 *
 * Shape: any, the same for both. Units: those of the components.
 *
 * @throws {ShapeError} if the components differ in size.
 */
export function windSpeed<T extends Float32Array | Float64Array>(u: T, v: T): T {
  if (u.length !== v.length)
    throw new ShapeError("windSpeed", "as many values of u as of v", `${u.length} and ${v.length}`);
  return u.map((east, index) => Math.sqrt(east * east + (v[index] as number) ** 2)) as T;
}
