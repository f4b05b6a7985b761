import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { type MpiBuild, mpiBuilds } from "../src/index.js";
import { type RanksResult, type RunRanksOptions, runRanks } from "../src/testing.js";

const names = { openmpi: "Open MPI", mpich: "MPICH" } as const;

/** The command that runs a file of test/ranks. */
export function nodeProgram(script: string, args: readonly string[]): readonly string[] {
  const path = fileURLToPath(new URL(`ranks/${script}.mts`, import.meta.url));
  return [process.execPath, "--conditions=@graticule/source", "--import", "tsx", path, ...args];
}

/** Runs a file of test/ranks on several ranks. */
export function runScript(
  build: MpiBuild,
  ranks: number,
  script: string,
  args: readonly string[] = [],
  options: RunRanksOptions = {},
): Promise<RanksResult> {
  return runRanks(build, ranks, nodeProgram(script, args), options);
}

/** Tests with each MPI of this machine; skipped, and saying why, where there is none. */
export function describeEachMpi(title: string, tests: (build: MpiBuild) => void): void {
  for (const implementation of ["openmpi", "mpich"] as const) {
    const build = mpiBuilds().find((each) => each.implementation === implementation);
    const reason = build
      ? build.launcher
        ? ""
        : " (skipped: no mpirun)"
      : " (skipped: the addon is not built for it)";
    const there = build?.launcher ? build : undefined;
    describe.skipIf(!there)(`${title} on ${names[implementation]}${reason}`, () => {
      tests(there ?? { implementation, version: "", launcher: null });
    });
  }
}
