import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { planBuckets } from "../src/ddp/plan-buckets.js";
import { noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";

const { path } = makeTemporaryFolder();

describe.skipIf(noRanks || !isAddonBuilt())(`data parallelism${noRanks}`, () => {
  it("trains as one rank does, saves once, resumes on other ranks, and stops all ranks together", async () => {
    const program = new URL("ranks/data-parallel.mts", import.meta.url);
    expect(await reportsOfRanks(program, 4, [path])).toEqual(Array(4).fill({}));
  }, 300_000);
});

describe("buckets of gradients", () => {
  const parameter = (path: string, kilobytes: number) => ({ path, size: kilobytes * 256 });

  it("follow the backward pass; the first is small, and what exceeds a bucket has its own", () => {
    const parameters = [
      parameter("a", 1000),
      parameter("b", 9000),
      parameter("c", 1500),
      parameter("d", 700),
      parameter("e", 300),
    ];
    const plans = planBuckets(parameters, 2500 * 1024);
    expect(plans.map(({ paths }) => paths.join())).toEqual(["e,d", "c", "b", "a"]);
  });
});
