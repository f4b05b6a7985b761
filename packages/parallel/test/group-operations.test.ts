import { expect, test } from "vitest";
import { noRanks, runRanks } from "./fixtures/run-ranks.js";

test.skipIf(noRanks)(`values and gradients between ranks are those of all ranks together${noRanks}`, async () => {
  const failures = await runRanks(new URL("ranks/group-operations.mts", import.meta.url), 3);
  expect(failures).toEqual([{}, {}, {}]);
});
