import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { expect, it } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";

const { path } = makeTemporaryFolder();

it.skipIf(noRanks || !isAddonBuilt())(
  `state on the disk and frozen shards train as they do in memory and on one rank${noRanks}`,
  async () => {
    expect(await reportsOfRanks(new URL("ranks/offload.mts", import.meta.url), 2, [path])).toEqual([{}, {}]);
  },
  300_000,
);
