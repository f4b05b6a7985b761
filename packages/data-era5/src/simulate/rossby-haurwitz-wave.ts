import { ConfigError } from "@graticule/core";
import { EARTH_ROTATION } from "./barotropic-model.js";
import type { SphericalTransform } from "./spherical-transform.js";

/** A wave that solves the barotropic vorticity equation exactly: it turns around the Earth's axis without changing. */
export interface RossbyHaurwitzWave {
  /** Speed of the wave eastward. Units: radians a second. */
  readonly angularSpeed: number;
  /** Coefficients of its vorticity at a time. Units: s → 1/s. */
  vorticity(seconds: number): Float64Array;
}

export interface RossbyHaurwitzOptions {
  /** Number of waves around the Earth, R. */
  readonly order: number;
  /** Solid rotation of the flow. Units: 1/s. */
  readonly rotation: number;
  /** Strength of the wave. Units: 1/s. */
  readonly amplitude: number;
}

/**
 * Makes the wave of streamfunction `a² (-ω sin φ + K cos^R φ sin φ cos R(λ - νt))`, which is of degree R + 1 and
 * order R, so that `ν = (R (3 + R) ω - 2Ω) / ((1 + R) (2 + R))`.
 *
 * Source: Haurwitz 1940, J. Marine Res. 3; Williamson et al. 1992.
 *
 * @throws {ConfigError} if the truncation does not hold the wave.
 */
export function makeRossbyHaurwitzWave(
  { truncation, size, orders, grid, toSpectrum }: SphericalTransform,
  { order, rotation, amplitude }: RossbyHaurwitzOptions,
): RossbyHaurwitzWave {
  if (!(Number.isInteger(order) && order >= 1 && order < truncation))
    throw new ConfigError(`order: expected from 1 to ${truncation - 1}, one below the truncation, got ${order}.`);
  const [latitudes, longitudes] = [grid.latitudes, grid.longitudes].map((degrees) =>
    degrees.map((degree) => (degree * Math.PI) / 180),
  ) as [Float64Array, Float64Array];
  const degreeTerm = (order + 1) * (order + 2);
  const field = Float64Array.from({ length: latitudes.length * longitudes.length }, (_, at) => {
    const phi = latitudes[Math.floor(at / longitudes.length)] as number;
    const wave = Math.cos(phi) ** order * Math.cos(order * (longitudes[at % longitudes.length] as number));
    return Math.sin(phi) * (2 * rotation - degreeTerm * amplitude * wave);
  });
  const initial = toSpectrum(field);
  const angularSpeed = (order * (3 + order) * rotation - 2 * EARTH_ROTATION) / degreeTerm;
  return {
    angularSpeed,
    vorticity(seconds) {
      const turned = new Float64Array(size);
      for (let at = 0; at < size; at += 2) {
        const angle = -(orders[at] as number) * angularSpeed * seconds;
        const [real, imaginary] = [initial[at] as number, initial[at + 1] as number];
        turned[at] = real * Math.cos(angle) - imaginary * Math.sin(angle);
        turned[at + 1] = real * Math.sin(angle) + imaginary * Math.cos(angle);
      }
      return turned;
    },
  };
}
