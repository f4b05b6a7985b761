import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { everyMpi, noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";

const { path } = makeTemporaryFolder();

describe.skipIf(noRanks || !isAddonBuilt())(`steps of several ranks${noRanks}`, () => {
  it.each(everyMpi)(
    "are refused alike on all, and communicate while they compute: %s",
    async (mpi) => {
      const program = new URL("ranks/steps.mts", import.meta.url);
      expect(await reportsOfRanks(program, 2, [`${path}/${mpi}`], mpi)).toEqual([{}, {}]);
    },
    300_000,
  );
});
