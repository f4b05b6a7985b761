import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { describe, expect, it } from "vitest";
import { noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";
import type { EqualityRow } from "./ranks/equality.mjs";

/** Largest relative difference in float32; sums between ranks are made in another order. */
const TOLERANCE = 1e-5;

describe.skipIf(noRanks || !isAddonBuilt())(`training divided along tp${noRanks}`, () => {
  it.each([
    { ranks: 4, cases: ["1:ViT-MAE", "2", "4"], rows: 3 + 24 + 24 },
    { ranks: 8, cases: ["8:forecaster, C tree2"], rows: 6 },
  ])(
    "equals that of one rank: loss, gradient norm and weights, on up to $ranks ranks",
    async (each) => {
      const [table] = (await reportsOfRanks(
        new URL("ranks/equality.mts", import.meta.url),
        each.ranks,
        each.cases,
      )) as [EqualityRow[]];
      expect(table).toHaveLength(each.rows);
      const apart = ({ loss, gradientNorm, weights }: EqualityRow): number => Math.max(loss, gradientNorm, weights);
      expect(table.filter((row) => !(apart(row) < TOLERANCE))).toEqual([]);
    },
    900_000,
  );
});
