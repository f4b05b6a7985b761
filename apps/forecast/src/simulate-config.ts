import { SIMULATION_DEFAULTS } from "@graticule/data-era5";
import { z } from "zod";

const date = z.union([z.int().min(0).max(9999).transform(String), z.string()]);
const { truncation, seed, spinUpDays, jets, eddies, relaxationDays, diffusion } = SIMULATION_DEFAULTS;

/** Everything that decides a simulation; equal settings give equal bytes. */
export const simulateConfig = z.strictObject({
  /** Degree T of the triangular truncation: 21 is a grid of 32 x 64, 42 of 64 x 128. */
  truncation: z.int().min(3).max(170).default(truncation),
  /** Chooses the stationary eddies and the first state. */
  seed: z.int().min(0).default(seed),
  times: z
    .strictObject({
      from: date.default("2001"),
      /** First time that is left out. */
      to: date.default("2005"),
      stepHours: z.number().gt(0).default(6),
    })
    .prefault({}),
  /** Time that the flow gets to forget its first state. */
  spinUpDays: z.number().min(0).default(spinUpDays),
  /** Longest step of the integration; an hour at T21, shorter at finer truncations, if absent. */
  stepMinutes: z.number().gt(0).optional(),
  /** Westerlies that the flow relaxes to. Units: m/s, degrees. */
  jets: z
    .strictObject({
      speed: z.number().default(jets.speed),
      latitude: z.number().min(0).max(90).default(jets.latitude),
      width: z.number().gt(0).default(jets.width),
    })
    .prefault({}),
  /** Stationary eddies that the flow relaxes to. Units: m/s. */
  eddies: z
    .strictObject({
      speed: z.number().min(0).default(eddies.speed),
      /** Lowest and highest degree n. */
      degrees: z.tuple([z.int().min(1), z.int().min(1)]).default([...eddies.degrees]),
    })
    .prefault({}),
  relaxationDays: z.number().gt(0).default(relaxationDays),
  /** Damping by the Laplacian to the power `order`, and the time it takes at degree T. */
  diffusion: z
    .strictObject({
      order: z.int().min(1).max(8).default(diffusion.order),
      hours: z.number().gt(0).default(diffusion.hours),
    })
    .prefault({}),
});

export type SimulateConfig = z.output<typeof simulateConfig>;
