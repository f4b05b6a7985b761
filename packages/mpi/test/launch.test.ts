import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { chooseMpiBuild, defaultThreadsPerRank, detectLauncher, launchCommand, mpiBuilds } from "../src/index.js";
import { runScript } from "./run-script.js";

const cores = availableParallelism();
const root = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];

test("the launcher is told by the environment it gives its ranks", () => {
  const openMpi = {
    OMPI_COMM_WORLD_RANK: "3",
    OMPI_COMM_WORLD_SIZE: "4",
    OMPI_COMM_WORLD_LOCAL_RANK: "1",
  };
  const slurm = { SLURM_PROCID: "5", SLURM_STEP_NUM_TASKS: "8", SLURM_LOCALID: "2" };
  const hydra = { PMI_RANK: "1", PMI_SIZE: "2", MPI_LOCALRANKID: "1" };
  expect(detectLauncher(openMpi)).toEqual({ launcher: "openmpi", rank: 3, size: 4, localRank: 1 });
  expect(detectLauncher({ ...slurm, ...hydra })).toEqual({ launcher: "hydra", rank: 1, size: 2, localRank: 1 });
  expect(detectLauncher(slurm)).toEqual({ launcher: "srun", rank: 5, size: 8, localRank: 2 });
  // An allocation without srun: the script itself.
  expect(detectLauncher({ SLURM_PROCID: "0", SLURM_LOCALID: "0" })).toBeUndefined();
  expect(detectLauncher({})).toBeUndefined();
});

describe("the command that starts ranks", () => {
  const openMpi = { implementation: "openmpi", version: "4.1.4", launcher: "/usr/bin/mpirun" } as const;
  const mpich = { implementation: "mpich", version: "4.0.2", launcher: "/usr/bin/mpiexec.mpich" } as const;

  test("binds each rank to processor threads of its own where there are enough", () => {
    expect(launchCommand(openMpi, 1, ["node", "a.mjs"], { threadsPerRank: cores })).toEqual([
      ...["/usr/bin/mpirun", "-np", "1", ...root, "--use-hwthread-cpus", "--map-by", `slot:PE=${cores}`],
      ...["--bind-to", "hwthread", "node", "a.mjs"],
    ]);
    expect(launchCommand(mpich, cores, ["node", "a.mjs"])).toEqual([
      ...["/usr/bin/mpiexec.mpich", "-n", String(cores), "-bind-to", "hwthread:1", "node", "a.mjs"],
    ]);
  });

  test("binds none where ranks share processor threads", () => {
    const ranks = cores + 1;
    expect(defaultThreadsPerRank(ranks)).toBe(1);
    expect(launchCommand(openMpi, ranks, ["node"])).toEqual([
      ...["/usr/bin/mpirun", "-np", String(ranks), ...root, "--oversubscribe", "--bind-to", "none", "node"],
    ]);
    expect(launchCommand(mpich, ranks, ["node"])).toEqual(["/usr/bin/mpiexec.mpich", "-n", String(ranks), "node"]);
  });

  test("needs a launcher", () => {
    expect(() => launchCommand({ ...openMpi, launcher: null }, 2, [])).toThrowErrorMatchingInlineSnapshot(
      `[MissingDependencyError: launchCommand: expected mpirun or mpiexec of openmpi, got none. Install it, e.g. \`apt-get install openmpi-bin\`.]`,
    );
  });
});

const builds = mpiBuilds();
const both = builds.length === 2 && builds.every(({ launcher }) => launcher !== null);
const reason = both ? "" : " (skipped: not both MPIs are built)";

describe.skipIf(!both)(`with Open MPI and MPICH side by side${reason}`, () => {
  test("the addon of the launcher's MPI is taken, and GRATICULE_MPI overrides", () => {
    const hydra = { PMI_RANK: "1", PMI_SIZE: "2", MPI_LOCALRANKID: "1" };
    expect(chooseMpiBuild(hydra).implementation).toBe("mpich");
    expect(chooseMpiBuild({ ...hydra, GRATICULE_MPI: "openmpi" }).implementation).toBe("openmpi");
    expect(chooseMpiBuild({}).implementation).toBe("openmpi");
  });

  test("an MPI that is not the launcher's is found out in seconds", async () => {
    const [openMpi] = builds;
    const options = { env: { GRATICULE_MPI: "mpich" } };
    const { exitCode, stderr, seconds } = await runScript(openMpi as never, 2, "conformance", [], options);
    expect(stderr).toMatch(/openMpi: expected rank \d of 2, as openmpi says, got rank 0 of 1 from MPICH/);
    expect(exitCode).not.toBe(0);
    expect(seconds).toBeLessThan(50); // of a busy machine
  });
});
