import { mpiBuilds } from "@graticule/mpi";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { expect, it } from "vitest";
import { benchFaults } from "../faults/bench-faults.js";

const hasRanks = mpiBuilds().some(({ launcher }) => launcher !== null) && isAddonBuilt();
const reason = hasRanks ? "" : " (skipped: needs MPI and LibTorch with their addons)";

it.skipIf(!hasRanks)(
  `a run that is killed in a save, finds its newest checkpoint damaged and its disk full ends as one that was not${reason}`,
  async () => {
    const { ends, wrong } = await benchFaults({
      kills: 3,
      seed: 1,
      deadline: 60,
      runs: [{ layout: "fsdp", ranks: [2] }],
      kinds: [
        { kind: "flipped bit", phase: "save", atMost: 3 },
        { kind: "full disk", phase: "step", atMost: 2 },
        { kind: "kill", phase: "save", atMost: 2 },
      ],
    });
    expect(wrong).toEqual([]);
    expect(ends).toEqual([{ run: "fsdp on 2 ranks", faults: 3, steps: 40, sameBytes: true, weightDifference: 0 }]);
  },
  600_000,
);
