import { fileURLToPath } from "node:url";
import { mpiBuilds } from "@graticule/mpi";
import { runRanks } from "@graticule/mpi/testing";
import { describe, expect, test } from "vitest";

const build = mpiBuilds().find(({ launcher }) => launcher !== null);
const reason = build ? "" : " (skipped: no MPI with its addon)";

describe.skipIf(!build)(`tasks on several ranks${reason}`, () => {
  test("come to rank 0 in order, however late it begins", async () => {
    const script = fileURLToPath(new URL("ranks/tasks-in-order.mts", import.meta.url));
    const program = [process.execPath, "--conditions=@graticule/source", "--import", "tsx", script];
    const { stdout, stderr, exitCode } = await runRanks(build as NonNullable<typeof build>, 3, program);
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual([0, 1, 2, 3, 4, 5, 6].map((task) => `${task} of rank ${task % 3}`));
    expect(exitCode).toBe(0);
  });
});
