import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Communicator } from "./communicator.js";
import { MpiError } from "./errors.js";
import { launchCommand } from "./launch-command.js";
import { detectLauncher } from "./launcher.js";
import { chooseMpiBuild } from "./native.js";
import { type OpenMpiOptions, openMpi } from "./open-mpi.js";
import { soloCommunicator } from "./solo-communicator.js";

export interface OpenRanksOptions extends OpenMpiOptions {
  /** How many ranks the program is to run on; as many as the launcher started, or 1, unless given. */
  readonly ranks?: number;
}

/** Either this process is a rank, or it has started the ranks and they have ended. */
export type OpenedRanks = { readonly world: Communicator } | { readonly exitCode: number };

/** What each launcher passes on to its ranks without ending them. */
const PASSED_ON = { openmpi: "SIGUSR2", mpich: "SIGTERM" } as const;

/** Tells ranks that a program started them, so that none starts ranks of its own. */
const STARTED = "GRATICULE_RANKS";

/**
 * Makes this program run on several ranks. Started by `mpirun`, `mpiexec` or `srun`, it joins their job; else, if more than
 * one rank is asked for, it starts itself again under `mpirun` with the same arguments, and waits. One rank needs no MPI.
 *
 * While ranks run, SIGINT and SIGTERM reach them as a signal that asks for an orderly end: SIGUSR2 under Open MPI, whose
 * launcher ends ranks for others, and SIGTERM under MPICH. A second signal ends them.
 *
 * @throws {MpiError} if the launcher started another number of ranks than asked for.
 * @throws {MissingDependencyError} if several ranks are asked for and MPI is not there; the message says what to install.
 */
export async function openRanks(options: OpenRanksOptions = {}): Promise<OpenedRanks> {
  const { ranks } = options;
  if (ranks !== undefined && !(Number.isInteger(ranks) && ranks >= 1))
    throw new RangeError(`ranks: expected a whole number of at least 1, got ${ranks}.`);
  const launch = detectLauncher();
  const started = process.env[STARTED];
  if (!launch && started !== undefined)
    throw new MpiError(
      `openRanks: expected to be one of the ${started} ranks that were started, got no launcher's environment. ` +
        "Use mpirun of Open MPI or mpiexec of MPICH; GRATICULE_MPI=openmpi|mpich chooses.",
    );
  if (!launch)
    return (ranks ?? 1) === 1 ? { world: soloCommunicator() } : { exitCode: await startRanks(ranks as number) };
  if (ranks !== undefined && ranks !== launch.size)
    throw new MpiError(
      `openRanks: expected the ${ranks} ranks asked for, got ${launch.size} from ${launch.launcher}. ` +
        "Leave the number out, or start as many.",
    );
  return { world: launch.size === 1 ? soloCommunicator() : openMpi(options) };
}

/** Starts this program again on several ranks; the launcher's exit code. */
function startRanks(ranks: number): Promise<number> {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const build = chooseMpiBuild();
  const [launcher, ...args] = launchCommand(build, ranks, program);
  const env = { ...process.env, [STARTED]: String(ranks) };
  return new Promise((resolve, reject) => {
    // A session of its own: Ctrl-C would make the launcher kill the ranks before they have saved.
    const child = spawn(launcher as string, args, { env, stdio: "inherit", detached: true });
    let asked = false;
    const pass = (): void => {
      child.kill(asked ? "SIGTERM" : PASSED_ON[build.implementation]);
      asked = true;
    };
    process.on("SIGINT", pass).on("SIGTERM", pass);
    const release = (): void => void process.off("SIGINT", pass).off("SIGTERM", pass);
    child.on("error", (error) => {
      release();
      reject(error);
    });
    child.on("close", (code, signal) => {
      release();
      resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]);
    });
  });
}
