import { spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type SlurmScriptOptions, slurmScript } from "../src/index.js";

const { path: folder } = makeTemporaryFolder();

const options: SlurmScriptOptions = {
  jobName: "pretrain",
  ranks: 8,
  nodes: 2,
  cpusPerRank: 16,
  time: "12:00:00",
  sbatch: ["--partition=long"],
  implementation: "openmpi",
  start: ["train", "data.root=my images", "--out", "runs/a"],
  resume: ["train", "--resume", "runs/a"],
  resumeIf: "runs/a/config.yaml",
};

/** Runs a script with a srun that stops when it gets SIGUSR2 and a scontrol that notes what it is asked. */
async function runJob(resumeIf: string, signal: boolean): Promise<{ exitCode: number | null; log: string }> {
  const log = join(folder, "log");
  writeFileSync(log, "");
  const programs = {
    srun: `trap 'echo stopped >> ${log}; exit 0' USR2; echo "$@" >> ${log}; ${signal ? "while :; do sleep 0.1; done" : "exit 4"}`,
    scontrol: `echo "scontrol $*" >> ${log}`,
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const script = join(folder, "job.sh");
  writeFileSync(script, slurmScript({ ...options, resumeIf }));
  const child = spawn("bash", [script], { env: { PATH: `${folder}:${process.env.PATH}`, SLURM_JOB_ID: "77" } });
  if (signal) {
    while (readFileSync(log, "utf8") === "") await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGUSR2");
  }
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode, log: readFileSync(log, "utf8") };
}

test("a job script asks for what the run needs", () => {
  expect(slurmScript(options)).toMatchSnapshot();
});

test("the script starts the run, passes the signal on, and puts itself back into the queue", async () => {
  const { exitCode, log } = await runJob(join(folder, "none"), true);
  expect(log).toBe(
    "--mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=16 --cpu-bind=cores train data.root=my images --out runs/a\n" +
      "stopped\nscontrol requeue 77\n",
  );
  expect(exitCode).toBe(0);
});

test("the script resumes what was begun, and a failed run is not put back", async () => {
  const { exitCode, log } = await runJob(join(folder, "job.sh"), false);
  expect(log).toBe("--mpi=pmix --kill-on-bad-exit=1 --cpus-per-task=16 --cpu-bind=cores train --resume runs/a\n");
  expect(exitCode).toBe(4);
});
