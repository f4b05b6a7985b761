import { beforeAll, describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { communicatorCases } from "../src/testing.js";
import { buildGpuDouble, environmentOf } from "./gpu-double.js";
import { describeEachMpi, runScript } from "./run-script.js";

const { path: folder } = makeTemporaryFolder();
const doubles = { cuda: "", hip: "" };
beforeAll(() => {
  for (const kind of ["cuda", "hip"] as const) doubles[kind] = buildGpuDouble(folder, kind);
}, 120_000);

const install = /^MPI, through page-locked host memory, without NCCL: .*Install it/;

describe("on memory of devices, as doubles of the libraries have it, conformance", () => {
  describeEachMpi("", (build) => {
    test.each([
      { ranks: 1, kind: "cuda", nccl: true, travels: /^NCCL 2\.21\.5$/ },
      { ranks: 2, kind: "cuda", nccl: true, travels: /^NCCL 2\.21\.5$/ },
      { ranks: 3, kind: "hip", nccl: true, travels: /^RCCL 2\.21\.5$/ },
      { ranks: 4, kind: "cuda", nccl: true, travels: /^NCCL 2\.21\.5$/, args: ["--check"] },
      { ranks: 2, kind: "cuda", nccl: false, travels: install },
      { ranks: 3, kind: "cuda", nccl: true, travels: /without NCCL: ranks 0 and 1 share device/, args: ["shared"] },
      {
        ranks: 4,
        kind: "hip",
        nccl: false,
        travels: /without RCCL: rank 0 has none: GRATICULE_NCCL: /,
        args: ["--check"],
      },
      { ranks: 2, kind: "cuda", nccl: false, travels: /^GPU-aware MPI, without NCCL/, aware: true },
    ] as const)("%j", async ({ ranks, kind, nccl, travels, ...rest }) => {
      const aware = "aware" in rest ? { GRATICULE_GPU_AWARE_MPI: "1", GPU_DOUBLE_AWARE: "1" } : {};
      const { exitCode, stdout, stderr } = await runScript(
        build,
        ranks,
        "device-conformance",
        "args" in rest ? rest.args : [],
        { env: { ...environmentOf(doubles[kind], kind, nccl), ...aware } },
      );
      expect(stderr).toBe("");
      const reports = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const usesNccl = nccl && !("args" in rest && rest.args[0] === "shared");
      expect(reports.sort((a, b) => a.rank - b.rank)).toEqual(
        Array.from({ length: ranks }, (_, rank) => ({
          ...{ rank, cases: communicatorCases.length, failures: {}, usesNccl },
          travels: expect.stringMatching(travels),
        })),
      );
      expect(exitCode).toBe(0);
    });
  });
});
