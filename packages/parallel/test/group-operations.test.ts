import { describe, expect, it } from "vitest";
import { everyMpi, noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";

describe.skipIf(noRanks)(`operations between ranks${noRanks}`, () => {
  it.each(everyMpi)(
    "give the values and gradients of all ranks together: %s",
    async (mpi) => {
      const program = new URL("ranks/group-operations.mts", import.meta.url);
      // MPICH's ranks spin while they wait, which takes minutes where they share a core.
      const ranks = mpi === "mpich" ? 2 : 3;
      expect(await reportsOfRanks(program, ranks, [`${ranks}`], mpi)).toEqual(Array(ranks).fill({}));
    },
    300_000,
  );
});
