import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { describeEachMpi, nodeProgram, runScript } from "./run-script.js";

/** Runs the script without a launcher; `whenPrinted` is called once something is printed. */
function runAlone(args: readonly string[], env: Record<string, string>, whenPrinted?: (pid: number) => void) {
  const [node, ...rest] = nodeProgram("open-ranks", args);
  const child = spawn(node as string, rest, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (stdout === "") whenPrinted?.(child.pid as number);
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr })),
  );
}

test("one rank needs no launcher and no MPI", async () => {
  const { exitCode, stdout } = await runAlone([], { GRATICULE_MPI: "none of these" });
  expect(exitCode).toBe(0);
  const [place] = JSON.parse(stdout);
  expect(place).toMatchObject({ rank: 0, localRank: 0, device: "device 0", threads: availableParallelism() });
});

test("ranks whose launcher is not known do not start ranks in turn", async () => {
  const { exitCode, stderr } = await runAlone(["2"], { GRATICULE_RANKS: "2" });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("expected to be one of the 2 ranks that were started, got no launcher's environment");
});

describeEachMpi("a program for several ranks", (build) => {
  const env = { GRATICULE_MPI: build.implementation };

  test("starts itself under mpirun, and a signal asks all ranks to stop in order", async () => {
    const stop = (pid: number) => setTimeout(() => process.kill(pid, "SIGTERM"), 200);
    const { exitCode, stdout } = await runAlone(["2", "wait"], env, stop);
    const lines = stdout.trim().split("\n");
    const places = JSON.parse(lines[0] as string);
    expect(places.map(({ rank }: { rank: number }) => rank)).toEqual([0, 1]);
    expect(places.map(({ device }: { device: string }) => device)).toEqual(["device 0", "device 1"]);
    const shares = places.map(({ threads }: { threads: number }) => threads);
    expect(shares).toEqual(new Array(2).fill(Math.max(1, Math.floor(availableParallelism() / 2))));
    expect(lines.slice(1).sort()).toEqual(["rank 0 was asked to stop", "rank 1 was asked to stop"]);
    expect(exitCode).toBe(0);
  });

  test("refuses another number of ranks than the launcher started", async () => {
    const { exitCode, stderr, seconds } = await runScript(build, 2, "open-ranks", ["3"]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/openRanks: expected the 3 ranks asked for, got 2 from (openmpi|hydra)\./);
    expect(seconds).toBeLessThan(30);
  });
});
