import { join } from "node:path";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { farApart } from "./fixtures/equality-bounds.js";
import { noRanks, reportsOfRanks } from "./fixtures/rank-reports.js";
import type { MatrixRow, MatrixSettings } from "./ranks/equality-matrix.mjs";

const { path } = makeTemporaryFolder();
let programs = 0;

async function rowsOf(ranks: number, settings: Omit<MatrixSettings, "folder">): Promise<MatrixRow[]> {
  const program = new URL("ranks/equality-matrix.mts", import.meta.url);
  const [rows] = (await reportsOfRanks(program, ranks, [
    JSON.stringify({ folder: join(path, `${programs++}`), ...settings }),
  ])) as MatrixRow[][];
  return rows as MatrixRow[];
}

// All of it: npm run bench -- equality
describe.skipIf(noRanks || !isAddonBuilt())(
  `losses, gradient norms and weights are those of one rank${noRanks}`,
  () => {
    it("on every mesh of up to 4 ranks, also from another's checkpoint", async () => {
      const models = ["classifier", "channel groups"] as const;
      const rows = await rowsOf(4, { models, ranks: [1, 2, 4], precision: "fp32" });
      expect(rows).toHaveLength(56);
      expect(rows.filter(farApart)).toEqual([]);
    }, 600_000);

    it("in bf16 up to its rounding", async () => {
      const rows = await rowsOf(2, { models: ["classifier"], ranks: [2], precision: "bf16" });
      expect(rows.length).toBeGreaterThan(5);
      expect(rows.filter(farApart)).toEqual([]);
    }, 600_000);

    it("for models and meshes of any sizes that fit", async () => {
      const rows = await rowsOf(4, { models: [], ranks: [], precision: "fp32", drawn: [0, 8] });
      expect(rows).toHaveLength(8);
      expect(rows.filter(farApart)).toEqual([]);
    }, 600_000);
  },
);
