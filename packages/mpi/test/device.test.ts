import { beforeAll, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { buildGpuDouble, environmentOf } from "./gpu-double.js";
import { describeEachMpi, runScript } from "./run-script.js";

const { path: folder } = makeTemporaryFolder();
let double = "";
beforeAll(() => {
  double = buildGpuDouble(folder, "cuda");
}, 120_000);

describeEachMpi("collectives on memory of devices", (build) => {
  test.each([
    ["NCCL", 3, true, {}],
    ["staged", 3, false, {}],
    ["GPU-aware MPI", 2, false, { GRATICULE_GPU_AWARE_MPI: "1", GPU_DOUBLE_AWARE: "1" }],
  ] as const)("keep the streams' order and all values: %s", async (_, ranks, nccl, extra) => {
    const env = { ...environmentOf(double, "cuda", nccl), ...extra };
    const { stdout, stderr } = await runScript(build, ranks, "device", [], { env });
    expect(stderr).toBe("");
    const reports = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(reports.sort((a, b) => a.rank - b.rank)).toEqual(
      Array.from({ length: ranks }, (_, rank) => ({ rank, failures: {} })),
    );
  });

  /** What ranks say, by the way of test/ranks/device-faults.mts. */
  const faults: Record<string, readonly [message: RegExp, environment?: Record<string, string>]> = {
    absent: [
      /rank 0: all-reduce #3 \(max of 6 float32 on the device\) on "world" did not complete in 1 s\.\n {2}Missing:\n {4}rank 1: last began all-reduce #2 [\s\S]*nccl-double: aborted/,
    ],
    unopened: [
      /rank 0: opening of devices #1 on "world" did not complete in 1 s\.\n {2}Missing:\n {4}rank 1: has begun nothing/,
    ],
    broken: [
      /rank \d: all-reduce #[23] \(sum of 6 float32 on the device\) on "world" failed: NCCL: unhandled cuda error\.[\s\S]*nccl-double: aborted/,
    ],
    wanted: [
      /MpiError: mpi all-reduce on "world": expected NCCL, got none: rank 0 has none: GRATICULE_NCCL: .*\. Install it \(`pip install nvidia-nccl-cu12`, or libnccl2\), or set GRATICULE_NCCL to its libnccl\.so\.2\./,
      { GRATICULE_NCCL: "/nowhere/libnccl.so.2" },
    ],
    runtime: [
      /MissingDependencyError: mpi all-reduce on "world": expected the CUDA runtime, got none \(GRATICULE_CUDA_RUNTIME: .*\)\. Install it/,
      { GRATICULE_CUDA_RUNTIME: "/nowhere/libcudart.so", GRATICULE_HIP_RUNTIME: "/nowhere/libamdhip64.so" },
    ],
    mismatch: [
      /MpiMismatchError: .*\n {2}rank 0: opening of devices #1\n {2}rank 1: all-reduce #1 \(sum of 6 float32\)/,
    ],
  };

  test.each(Object.keys(faults))("end the job and say why: %s", async (way) => {
    const [message, extra = {}] = faults[way] as (typeof faults)[string];
    const env = { ...environmentOf(double, "cuda", true), NCCL_DOUBLE_LOUD: "1", ...extra };
    const { exitCode, stderr, seconds } = await runScript(build, 2, "device-faults", [way], { env });
    expect(stderr).toMatch(message);
    expect(exitCode).not.toBe(0);
    expect(seconds).toBeLessThan(50); // of a busy machine
  });

  test("go by MPI where NCCL can't connect the ranks, or is too old", async () => {
    for (const [extra, why] of [
      [{ NCCL_DOUBLE_UNCONNECTED: "1" }, "it could not connect the ranks (unhandled system error)"],
      [{ NCCL_DOUBLE_VERSION: "2804" }, "rank 0 has none: it is of version 2.8.4, expected 2.10 or newer"],
    ] as const) {
      const env = { ...environmentOf(double, "cuda", true), ...extra };
      const { stdout, stderr } = await runScript(build, 2, "device-faults", ["unconnected"], { env });
      expect(stderr).toBe("");
      expect(stdout).toContain(`MPI, through page-locked host memory, without NCCL: ${why}. Install it`);
      expect(stdout).toContain(" 0,0,0,0,0,0\n");
    }
  });
});
