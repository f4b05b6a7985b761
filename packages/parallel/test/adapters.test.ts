import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { expect, it } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";

const { path } = makeTemporaryFolder();

it.skipIf(noRanks || !isAddonBuilt())(
  `LoRA trains on ranks as on one, and goes on from its checkpoint${noRanks}`,
  async () => {
    expect(await reportsOfRanks(new URL("ranks/adapters.mts", import.meta.url), 2, [path])).toEqual([{}, {}]);
  },
  300_000,
);
