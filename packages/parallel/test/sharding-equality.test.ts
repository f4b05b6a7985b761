import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { expect, it } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { noRanks, runRanks } from "./fixtures/run-ranks.js";
import type { EqualityRow } from "./fixtures/sharding-equality.js";

const { path } = makeTemporaryFolder();

/** float32 sums in another order. */
const TOLERANCE = 1e-5;

it.skipIf(noRanks || !isAddonBuilt())(
  `every mesh gives the losses, gradient norms and weights of one rank, also when it goes on from another's checkpoint${noRanks}`,
  async () => {
    const [rows] = (await runRanks(new URL("ranks/sharding-equality.mts", import.meta.url), 4, [
      path,
    ])) as EqualityRow[][];
    expect(rows).toHaveLength(29);
    const isEqual = (row: EqualityRow) => Math.max(row.loss, row.gradientNorm, row.weights) < TOLERANCE;
    expect(rows?.filter((row) => !isEqual(row))).toEqual([]);
  },
  600_000,
);
