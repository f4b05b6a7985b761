/** What the environment says of the launcher that started this process. */
export interface LaunchEnvironment {
  /** `mpirun` of Open MPI, `mpiexec` of the MPICH family (Hydra), or Slurm's `srun`. */
  readonly launcher: "openmpi" | "hydra" | "srun";
  readonly rank: number;
  readonly size: number;
  /** Among the ranks of this host. */
  readonly localRank: number;
}

const markers = [
  {
    launcher: "openmpi",
    rank: "OMPI_COMM_WORLD_RANK",
    size: "OMPI_COMM_WORLD_SIZE",
    localRank: "OMPI_COMM_WORLD_LOCAL_RANK",
  },
  // Before Slurm's own: Hydra also runs inside an allocation.
  { launcher: "hydra", rank: "PMI_RANK", size: "PMI_SIZE", localRank: "MPI_LOCALRANKID" },
  { launcher: "srun", rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS", localRank: "SLURM_LOCALID" },
] as const;

/** The launcher that started this process, or undefined if none did. */
export function detectLauncher(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LaunchEnvironment | undefined {
  const marker = markers.find((each) =>
    Object.values(each)
      .slice(1)
      .every((name) => environment[name] !== undefined),
  );
  if (!marker) return undefined;
  const read = (name: string): number => Number(environment[name]);
  return {
    launcher: marker.launcher,
    rank: read(marker.rank),
    size: read(marker.size),
    localRank: read(marker.localRank),
  };
}
