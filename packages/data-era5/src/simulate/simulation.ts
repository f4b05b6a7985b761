import { ConfigError, makeRandom, NonFiniteError, type Random } from "@graticule/core";
import { EARTH_RADIUS_METERS } from "../derived/vorticity-divergence.js";
import { type BarotropicModel, makeBarotropicModel } from "./barotropic-model.js";
import type { SimulationOptions } from "./simulation-options.js";
import { makeSphericalTransform, type SphericalTransform } from "./spherical-transform.js";

/** A forced flow on the sphere, whose future is a function of its present. */
export interface Simulation {
  readonly model: BarotropicModel;
  /** Coefficients of vorticity after the spin-up. Units: 1/s. */
  start(): Float64Array;
  /**
   * Replaces vorticity by the one `hours` later.
   *
   * @throws {NonFiniteError} if the steps are too long for the flow.
   */
  advance(vorticity: Float64Array, hours: number): void;
}

/** Longest step at T1; 60 min at T21. */
const STEP_MINUTES_TIMES_TRUNCATION = 60 * 21;
/** Runge and Kutta's method of fourth order is unstable where rate times step exceeds 2.785. */
const MOST_DAMPING_PER_STEP = 2.7;
const FIRST_PERTURBATION = 1e-6;

/**
 * Makes a simulation by the barotropic vorticity equation, relaxed to jets with stationary eddies. Equal options give
 * equal numbers.
 *
 * @throws {ConfigError} if the options do not fit each other.
 */
export function makeSimulation(options: SimulationOptions): Simulation {
  const { truncation, seed, spinUpDays, relaxationDays, diffusion } = options;
  const stepMinutes = options.stepMinutes ?? Math.min(60, STEP_MINUTES_TIMES_TRUNCATION / truncation);
  const stepSeconds = 60 * stepMinutes;
  const fastest = Math.min(relaxationDays * 24, diffusion.hours) * 3600;
  if (!(stepSeconds < MOST_DAMPING_PER_STEP * fastest))
    throw new ConfigError(
      `stepMinutes: expected less than ${((MOST_DAMPING_PER_STEP * fastest) / 60).toFixed(0)}, for the damping to be stable, got ${stepMinutes}.`,
    );
  const transform = makeSphericalTransform(truncation);
  const target = restState(transform, options);
  const model = makeBarotropicModel(transform, {
    relaxation: { vorticity: target, seconds: relaxationDays * 86_400 },
    diffusion: { order: diffusion.order, seconds: diffusion.hours * 3600 },
  });

  function advance(vorticity: Float64Array, hours: number): void {
    const steps = Math.ceil((hours * 3600) / stepSeconds);
    for (let step = 0; step < steps; step += 1) {
      model.step(vorticity, (hours * 3600) / steps);
      if (!Number.isFinite(model.enstrophy(vorticity)))
        throw new NonFiniteError(
          step,
          `simulation: expected finite vorticity, got ${model.enstrophy(vorticity)} for its square at step ${step} of ${steps}. Use a shorter stepMinutes than ${stepMinutes}, or slower winds.`,
        );
    }
  }
  return {
    model,
    start() {
      const vorticity = target.slice();
      const noise = harmonicNoise(transform, makeRandom(seed, "simulation", "start"), [1, truncation]);
      for (let at = 0; at < vorticity.length; at += 1)
        (vorticity[at] as number) += FIRST_PERTURBATION * (noise[at] as number);
      advance(vorticity, 24 * spinUpDays);
      return vorticity;
    },
    advance,
  };
}

/** The vorticity that the flow relaxes to: jets, the same all around the Earth, and eddies drawn from the seed. */
function restState(transform: SphericalTransform, { truncation, seed, jets, eddies }: SimulationOptions): Float64Array {
  const [low, high] = eddies.degrees;
  if (!(low >= 1 && low <= high && high <= truncation))
    throw new ConfigError(
      `eddies.degrees: expected two rising degrees from 1 to the truncation ${truncation}, got [${low}, ${high}].`,
    );
  const { latitudes, longitudes } = transform.grid;
  const still = new Float64Array(latitudes.length * longitudes.length);
  // Vorticity is the divergence of (v, -u).
  const turned = still.map((_, at) => {
    const latitude = latitudes[Math.floor(at / longitudes.length)] as number;
    const profile = Math.exp(-(((Math.abs(latitude) - jets.latitude) / jets.width) ** 2));
    return -jets.speed * profile * Math.cos((latitude * Math.PI) / 180);
  });
  const rest = transform.divergence(still, turned).map((value) => value / EARTH_RADIUS_METERS);
  const noise = harmonicNoise(transform, makeRandom(seed, "simulation", "eddies"), [low, high]);
  const scale = eddies.speed / Math.sqrt(2 * makeBarotropicModel(transform).energy(noise));
  // Eddies leave the mean around the Earth to the jets.
  return rest.map((value, at) => (transform.orders[at] === 0 ? value : value + scale * (noise[at] as number)));
}

/** Independent normal coefficients of the degrees from `low` to `high`. */
function harmonicNoise(
  { size, degrees, orders }: SphericalTransform,
  random: Random,
  [low, high]: readonly [number, number],
): Float64Array {
  return Float64Array.from({ length: size }, (_, at) => {
    const isImaginaryMean = orders[at] === 0 && at % 2 === 1;
    const degree = degrees[at] as number;
    return degree < low || degree > high || isImaginaryMean ? 0 : random.normal();
  });
}
