import { expect, test } from "vitest";
import type { MpiBuild } from "../src/index.js";
import { describeEachMpi, runScript } from "./run-script.js";

/** What ranks say when one is missing for 1 s: the rank's line, by the way of test/ranks/late.mts. */
const late = {
  absent:
    /all-reduce #2 \(sum of 6 float32\) on "world"[\s\S]*Missing:\s+rank 1: last began split #1 here; is not waiting/,
  busy: /all-reduce #2 \(max of 6 float32\) on "world"[\s\S]*Missing:\s+rank 1: last began split #1 here; is not waiting/,
  crossed:
    /barrier #2 on "world"[\s\S]*rank 1: last began split #1 here; waits for broadcast #1 \(6 float32 from rank 0\) on "pair"/,
  message: /rank 0: (receive from rank 2|last began receive from rank 2) \(6 float32, tag 5\)/,
  ended: /all-gather #2 \(6 float32\) on "world"[\s\S]*rank 1: last began split #1 here; has come to its end/,
  stopped: /barrier #2 on "world"[\s\S]*rank 1: does not answer: stopped, dead, or without processor time/,
};

/** What the job says first when rank 1 fails, and the launcher's exit code, by the way of test/ranks/fail.mts. */
const failures = {
  exception: [/^rank 1: RangeError: no such band\n {4}at /, 1],
  rejection: [/^rank 1: Error: the file is gone\n {4}at /, 1],
  later: [/^rank 1: SyntaxError: .*\n {4}at JSON.parse/, 1],
  exit: [/^rank 1: ended with exit code 3; the job ends\./, 3],
  kill: [/signal 9/, undefined],
} as const;

/** All ways with Open MPI; elsewhere those in which the launcher takes part. */
function waysOf<Way extends string>(
  build: MpiBuild,
  ways: Record<Way, unknown>,
  shared: readonly NoInfer<Way>[],
): Way[] {
  return build.implementation === "openmpi" ? (Object.keys(ways) as Way[]) : [...shared];
}

describeEachMpi("an operation that does not complete", (build) => {
  test.each(waysOf(build, late, ["absent", "stopped"]))("ends the job and names who is missing: %s", async (way) => {
    const { exitCode, stderr, seconds } = await runScript(build, 3, "late", [way]);
    expect(stderr).toMatch(/^mpi: rank \d: .* did not complete in 1 s\.\n/m); // a launcher may speak before it
    expect(stderr).toMatch(late[way]);
    expect(exitCode).toBe(1);
    // 1 s, and 3 s for a rank that doesn't answer; the rest is starting and ending on a busy machine.
    expect(seconds).toBeLessThan(50); // of a busy machine
  });
});

describeEachMpi("a failed rank", (build) => {
  test.each(waysOf(build, failures, ["exception", "kill"]))("ends all ranks, its message first: %s", async (way) => {
    const [message, code] = failures[way];
    const { exitCode, stdout, stderr, seconds } = await runScript(build, 3, "fail", [way]);
    expect(stderr + stdout).toMatch(message); // MPICH's launcher says on stdout who was killed

    expect(exitCode).not.toBe(0);
    if (code !== undefined) expect(exitCode).toBe(code);
    expect(seconds).toBeLessThan(50); // of a busy machine
  });
});

describeEachMpi("check mode", (build) => {
  test("tells each rank how their operations differ, and the communicator goes on", async () => {
    const { exitCode, stdout, stderr } = await runScript(build, 2, "mismatch");
    expect(stderr).toBe("");
    await expect(stdout).toMatchFileSnapshot("__snapshots__/mismatch.txt"); // the same on each MPI
    expect(exitCode).toBe(0);
  });
});

describeEachMpi("requests", (build) => {
  test("that nobody waits for keep their buffers until they are done, and no longer", async () => {
    const { stdout, stderr } = await runScript(build, 2, "many-requests", [], { env: { NODE_OPTIONS: "--expose-gc" } });
    expect(stderr).toBe("");
    for (const line of stdout.trim().split("\n")) {
      const { isLetGo, grownMegabytes } = JSON.parse(line);
      expect(isLetGo).toBe(true);
      expect(grownMegabytes).toBeLessThan(60); // 20,000 buffers are 80 MB
    }
  });
});
