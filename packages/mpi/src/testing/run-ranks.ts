import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { launchCommand } from "../launch-command.js";
import type { MpiBuild } from "../native.js";

export interface RunRanksOptions {
  /** Environment beyond this process's. */
  readonly env?: Readonly<Record<string, string>>;
  /** The job is killed after this time. */
  readonly timeoutSeconds?: number;
}

/** How a job ended. */
export interface RanksResult {
  /** The launcher's exit code; null if it was killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/**
 * Runs a program on several ranks of this machine, unbound, to its end.
 *
 * ```ts
 * const [build] = mpiBuilds();
 * const { stdout } = await runRanks(build, 4, [process.execPath, "average.mjs"]);
 * ```
 */
export function runRanks(
  build: MpiBuild,
  ranks: number,
  program: readonly string[],
  { env = {}, timeoutSeconds = 120 }: RunRanksOptions = {},
): Promise<RanksResult> {
  const [launcher, ...args] = launchCommand(build, ranks, program, { threadsPerRank: 0 });
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(launcher as string, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a process group, so that the ranks can be killed with their launcher
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), timeoutSeconds * 1000);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, stdout, stderr, seconds: (performance.now() - start) / 1000 });
    });
  });
}
