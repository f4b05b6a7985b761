import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { expect, it } from "vitest";
import { noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";

it.skipIf(noRanks || !isAddonBuilt())(
  `a sharded model takes the memory of its shards and of the units in use, in the dtypes asked for${noRanks}`,
  async () => {
    expect(await reportsOfRanks(new URL("ranks/fully-shard.mts", import.meta.url), 2)).toEqual([{}, {}]);
  },
  300_000,
);
