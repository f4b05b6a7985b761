import type { MpiImplementation } from "./native.js";

export interface SlurmScriptOptions {
  readonly jobName: string;
  readonly ranks: number;
  readonly nodes?: number;
  readonly cpusPerRank?: number;
  /** `hours:minutes:seconds`, or as sbatch takes it. */
  readonly time: string;
  /** How long before the end of the time the ranks are asked to save and stop. */
  readonly stopSecondsBefore?: number;
  /** More options of sbatch, e.g. `--partition=long`. */
  readonly sbatch?: readonly string[];
  /** Decides how srun brings up the ranks. */
  readonly implementation: MpiImplementation;
  /** The command of each rank, program first. */
  readonly start: readonly string[];
  /** The command instead, once `resumeIf` exists. */
  readonly resume: readonly string[];
  /** A file that the first run leaves. */
  readonly resumeIf: string;
}

/**
 * An sbatch script that runs a program on several ranks until it is done: before the time is over the ranks get SIGUSR2 to
 * save and stop, then the job goes back into the queue and resumes. A job whose node fails is put back too.
 */
export function slurmScript(options: SlurmScriptOptions): string {
  const { jobName, ranks, nodes, cpusPerRank, time, stopSecondsBefore = 300, sbatch = [], implementation } = options;
  const settings = [
    `--job-name=${jobName}`,
    `--ntasks=${ranks}`,
    ...(nodes === undefined ? [] : [`--nodes=${nodes}`]),
    ...(cpusPerRank === undefined ? [] : [`--cpus-per-task=${cpusPerRank}`]),
    `--time=${time}`,
    `--signal=B:USR2@${stopSecondsBefore}`,
    "--requeue",
    "--open-mode=append",
    ...sbatch,
  ];
  const srun = ["srun", `--mpi=${implementation === "openmpi" ? "pmix" : "pmi2"}`, "--kill-on-bad-exit=1"];
  // srun does not take this over from sbatch.
  if (cpusPerRank !== undefined) srun.push(`--cpus-per-task=${cpusPerRank}`);
  srun.push("--cpu-bind=cores");
  return `#!/bin/bash
${settings.map((setting) => `#SBATCH ${setting}`).join("\n")}
set -u

if [ -e ${quote(options.resumeIf)} ]; then
  command=(${options.resume.map(quote).join(" ")})
else
  command=(${options.start.map(quote).join(" ")})
fi

stopping=
trap 'stopping=yes; kill -USR2 "$step"' USR2
${srun.join(" ")} "\${command[@]}" &
step=$!
wait "$step"
status=$?
# The signal ends the first wait, not the step.
if [ -n "$stopping" ]; then
  wait "$step"
  status=$?
fi
if [ -n "$stopping" ] && [ "$status" -eq 0 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
`;
}

function quote(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
