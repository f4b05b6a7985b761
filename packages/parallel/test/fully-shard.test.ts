import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { expect, it } from "vitest";
import { noRanks, runRanks } from "./fixtures/run-ranks.js";

it.skipIf(noRanks || !isAddonBuilt())(
  `a sharded model takes the memory of its shards and of the units in use, in the dtypes asked for${noRanks}`,
  async () => {
    expect(await runRanks(new URL("ranks/fully-shard.mts", import.meta.url), 2)).toEqual([{}, {}]);
  },
  300_000,
);
