import { expect, test } from "vitest";
import * as mpi from "../src/index.js";
import * as testing from "../src/testing.js";

test("the public names are these", () => {
  expect(Object.keys(mpi).sort()).toMatchInlineSnapshot(`
    [
      "MpiError",
      "MpiMismatchError",
      "abortMpi",
      "chooseMpiBuild",
      "closeMpi",
      "defaultThreadsPerRank",
      "detectLauncher",
      "gatherPlacements",
      "launchCommand",
      "mpiBuilds",
      "mpiLibraryVersion",
      "openDeviceCollectives",
      "openMpi",
      "openRanks",
      "recordOperations",
      "slurmScript",
      "soloCommunicator",
    ]
  `);
  expect(Object.keys(testing).sort()).toMatchInlineSnapshot(`
    [
      "communicatorCases",
      "runCases",
      "runCommunicatorCases",
      "runRanks",
    ]
  `);
});
