import { readFileSync } from "node:fs";

type Scores = Readonly<Record<"rmse" | "mse" | "acc" | "bias" | "mae", readonly number[]>>;

interface Reference {
  readonly latitudes: readonly number[];
  readonly longitudes: readonly number[];
  /** [T, V, H, W] */
  readonly shape: readonly [number, number, number, number];
  readonly numMembers: number;
  readonly tenths: Readonly<Record<"truth" | "forecast" | "climatology" | "members", readonly number[]>>;
  readonly weights: Readonly<Record<"cosine" | "cell-area", readonly number[]>>;
  readonly scores: Readonly<
    Record<"weatherbench1" | "weatherbench2" | "climax", Readonly<Record<"global" | "tropics", Scores>>>
  >;
  readonly ensemble: Readonly<Record<string, number>> & { readonly ranks: readonly number[] };
  readonly zonalPower: readonly (readonly number[])[];
}

/** Written by tooling/fixtures/make-forecast-scores.py. */
export const reference: Reference = JSON.parse(
  readFileSync(new URL("../fixtures/forecast-scores.json", import.meta.url), "utf8"),
);

/** Field number `at` of some that hold `size` values each. */
export function field(name: keyof Reference["tenths"], at: number, size: number): Float32Array {
  return Float32Array.from(reference.tenths[name].slice(at * size, (at + 1) * size), (tenths) => tenths / 10);
}
