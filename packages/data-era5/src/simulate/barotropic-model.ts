import { EARTH_RADIUS_METERS } from "../derived/vorticity-divergence.js";
import { makeRungeKutta4 } from "./runge-kutta.js";
import type { SphericalTransform } from "./spherical-transform.js";

/** Angular speed of the Earth. Units: 1/s. Source: Williamson et al. 1992. */
export const EARTH_ROTATION = 7.292e-5;

/** What drives the flow and what damps it; an absent part does nothing. */
export interface BarotropicForcing {
  /** Coefficients of the vorticity that the flow relaxes to, and the time this takes. Units: 1/s, s. */
  readonly relaxation?: { readonly vorticity: Float64Array; readonly seconds: number };
  /** Damping by the Laplacian to the power `order`, and the time it takes at degree T. Units: s. */
  readonly diffusion?: { readonly order: number; readonly seconds: number };
}

/**
 * The barotropic vorticity equation on the rotating Earth.
 *
 * Layout: vorticity is coefficients of `transform`, winds are fields on its grid.
 */
export interface BarotropicModel {
  readonly transform: SphericalTransform;
  /** Rate of change of relative vorticity. Units: 1/s → 1/s². */
  tendency(vorticity: Float64Array, into?: Float64Array): Float64Array;
  /** Replaces vorticity by the one `seconds` later, in one step. */
  step(vorticity: Float64Array, seconds: number): void;
  /** Units: 1/s → m/s. */
  eastwardWind(vorticity: Float64Array): Float64Array;
  /** Units: 1/s → m/s. */
  northwardWind(vorticity: Float64Array): Float64Array;
  /** The inverse Laplacian of vorticity, with mean 0, as coefficients. Units: 1/s → m²/s. */
  streamfunction(vorticity: Float64Array, into?: Float64Array): Float64Array;
  /** Mean kinetic energy. Units: 1/s → m²/s². */
  energy(vorticity: Float64Array): number;
  /** Half the mean square of vorticity. Units: 1/s → 1/s². */
  enstrophy(vorticity: Float64Array): number;
}

/**
 * Makes the model `∂ζ/∂t = -∇·((ζ + f) v) + forcing`, stepped by Runge and Kutta's method of fourth order.
 *
 * Products are formed without aliasing, so that energy and enstrophy of a flow without forcing change by the error of
 * the steps alone.
 * Source: Hack and Jakob 1992, NCAR/TN-343+STR, with no divergence.
 */
export function makeBarotropicModel(
  transform: SphericalTransform,
  { relaxation, diffusion }: BarotropicForcing = {},
): BarotropicModel {
  const { truncation, size, degrees, orders, grid } = transform;
  const columns = grid.longitudes.length;
  const points = grid.latitudes.length * columns;
  const perCosine = grid.latitudes.map((latitude) => 1 / Math.cos((latitude * Math.PI) / 180));
  const inverseLaplacian = Float64Array.from(degrees, (n) =>
    n === 0 ? 0 : -(EARTH_RADIUS_METERS ** 2) / (n * (n + 1)),
  );
  const damping = Float64Array.from(degrees, (n) => {
    const scale = (n * (n + 1)) / (truncation * (truncation + 1));
    return (relaxation ? 1 / relaxation.seconds : 0) + (diffusion ? scale ** diffusion.order / diffusion.seconds : 0);
  });
  const source = Float64Array.from(degrees, (_, at) =>
    relaxation ? (relaxation.vorticity[at] as number) / relaxation.seconds : 0,
  );
  // f = 2Ω sin φ is all of degree 1 and order 0, whose function is √3 sin φ: the third number.
  const coriolisAt = 2;
  const coriolis = (2 * EARTH_ROTATION) / Math.sqrt(3);
  const [psi, absolute] = [new Float64Array(size), new Float64Array(size)];
  const [u, v, eta] = [new Float64Array(points), new Float64Array(points), new Float64Array(points)];

  function streamfunction(vorticity: Float64Array, into: Float64Array = new Float64Array(size)): Float64Array {
    for (let at = 0; at < size; at += 1) into[at] = (vorticity[at] as number) * (inverseLaplacian[at] as number);
    return into;
  }

  function tendency(vorticity: Float64Array, into: Float64Array = new Float64Array(size)): Float64Array {
    streamfunction(vorticity, psi);
    absolute.set(vorticity);
    (absolute[coriolisAt] as number) += coriolis;
    transform.northward(psi, u); // -a u cos φ
    transform.eastward(psi, v); // a v cos φ
    transform.toGrid(absolute, eta);
    for (let at = 0; at < points; at += 1) {
      (u[at] as number) *= eta[at] as number;
      (v[at] as number) *= -(eta[at] as number);
    }
    transform.divergence(u, v, into);
    const perArea = 1 / EARTH_RADIUS_METERS ** 2;
    for (let at = 0; at < size; at += 1)
      into[at] =
        perArea * (into[at] as number) - (damping[at] as number) * (vorticity[at] as number) + (source[at] as number);
    return into;
  }

  /** Turns `±a cos φ` times a wind into the wind. */
  function toWind(field: Float64Array, sign: 1 | -1): Float64Array {
    return field.map(
      (value, at) => ((sign * value) / EARTH_RADIUS_METERS) * (perCosine[Math.floor(at / columns)] as number),
    );
  }

  /** `Σ weight |c_n^m|²` over positive and negative orders. */
  function sumOfSquares(coefficients: Float64Array, weight: (at: number) => number): number {
    return coefficients.reduce((sum, value, at) => sum + weight(at) * (orders[at] === 0 ? 1 : 2) * value * value, 0);
  }

  return {
    transform,
    tendency,
    step: makeRungeKutta4(size, tendency),
    eastwardWind: (vorticity) => toWind(transform.northward(streamfunction(vorticity, psi), u), -1),
    northwardWind: (vorticity) => toWind(transform.eastward(streamfunction(vorticity, psi), v), 1),
    streamfunction,
    energy: (vorticity) => sumOfSquares(vorticity, (at) => -(inverseLaplacian[at] as number) / 2),
    enstrophy: (vorticity) => sumOfSquares(vorticity, () => 0.5),
  };
}
