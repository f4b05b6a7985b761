/** Standard gravity, by which ERA5 defines geopotential height. Units: m/s². Source: ECMWF parameter database, 156. */
export const STANDARD_GRAVITY = 9.80665;

/**
 * Geopotential height, or orography from the geopotential of the surface.
 *
 * Shape: any. Units: m²/s² → m.
 */
export function geopotentialHeight<T extends Float32Array | Float64Array>(geopotential: T): T {
  return geopotential.map((value) => value / STANDARD_GRAVITY) as T;
}
