import { describe, expect, it } from "vitest";
import { noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";

describe.skipIf(noRanks)(`a mesh of ranks${noRanks}`, () => {
  it("groups them by axis, and says which factors do not fit", async () => {
    expect(await reportsOfRanks(new URL("ranks/mesh.mts", import.meta.url), 8)).toEqual(Array(8).fill({}));
  }, 300_000);
});
