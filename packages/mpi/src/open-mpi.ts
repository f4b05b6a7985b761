import { isMainThread } from "node:worker_threads";
import type { Communicator } from "./communicator.js";
import { assertDeviceCollectives, type DeviceCollectives } from "./device-collectives.js";
import { MpiError } from "./errors.js";
import { detectLauncher } from "./launcher.js";
import { MpiCommunicator } from "./mpi-communicator.js";
import { type MpiContext, makeContext } from "./mpi-context.js";
import { loadNative, type Native } from "./native.js";

export interface OpenMpiOptions {
  /** An operation that does not complete in this time ends the job with a message that names the missing ranks. */
  readonly timeoutSeconds?: number;
  /**
   * Compare operation, element type, length, reduction and root between the ranks before each collective. Costs one small
   * all-gather each, and `start…` then waits until every rank has started.
   */
  readonly check?: boolean;
  /**
   * What carries collectives on memory of GPUs: `nccl` (RCCL on AMD's), `mpi`, or with `auto`, the default, NCCL where every
   * rank has it and a GPU of its own, and MPI elsewhere.
   */
  readonly deviceCollectives?: DeviceCollectives;
}

/** PyTorch's default for gloo. */
const DEFAULT_TIMEOUT_SECONDS = 1800;

let opened: { readonly world: Communicator; readonly context: MpiContext } | undefined;

/**
 * Initializes MPI and returns the communicator of all ranks; later calls return the same one. MPI is closed when the process
 * ends. An exception that nobody catches, or an exit code other than 0, ends all ranks.
 *
 * @throws {MissingDependencyError} if the addon or MPI is not there; the message says what to install.
 * @throws {MpiError} if MPI does not support threads, sees another job than the launcher, or was closed.
 */
export function openMpi({
  timeoutSeconds = DEFAULT_TIMEOUT_SECONDS,
  check = false,
  deviceCollectives = "auto",
}: OpenMpiOptions = {}): Communicator {
  if (opened) {
    if (opened.context.isClosed)
      throw new MpiError("openMpi: expected the first opening, got one after closeMpi. MPI can be opened once.");
    return opened.world;
  }
  if (!isMainThread)
    throw new MpiError("openMpi: expected the main thread, got a worker thread. Open MPI in the main thread.");
  if (!(timeoutSeconds > 0 && timeoutSeconds < 1e9))
    throw new RangeError(`openMpi: expected timeoutSeconds above 0, got ${timeoutSeconds}.`);
  assertDeviceCollectives(deviceCollectives);
  const native = loadNative();
  const context = makeContext(native, deviceCollectives);
  const world = native.open(timeoutSeconds, check, (id) => context.requests.get(id)?.completed());
  if (typeof world === "number")
    throw new MpiError(
      `openMpi: expected an MPI with MPI_THREAD_MULTIPLE, got thread level ${world}. ` +
        "Use an MPI built with it; for Cray MPICH set MPICH_MAX_THREAD_SAFETY=multiple.",
    );
  opened = { world: new MpiCommunicator(context, world), context };
  endTogether(native, context, world.rank, world.size);
  checkLauncher(native, world.rank, world.size);
  return opened.world;
}

/** MPI's context while it is open. */
export function openContext(): MpiContext | undefined {
  return opened?.context.isClosed === false ? opened.context : undefined;
}

/** Waits until all ranks have come here, then ends MPI. Done at the end of the process if nobody calls it. */
export function closeMpi(): void {
  if (!opened || opened.context.isClosed) return;
  opened.context.native.close();
  opened.context.isClosed = true;
}

/**
 * Ends all ranks at once, with this message first.
 *
 * @throws {MpiError} if MPI is not open.
 */
export function abortMpi(message: string, exitCode = 1): never {
  if (!opened || opened.context.isClosed) throw new MpiError("abortMpi: expected an open MPI, got none.");
  return opened.context.native.abort(message, exitCode);
}

/** The text that MPI gives for itself, for example `Open MPI v4.1.4, …`. */
export function mpiLibraryVersion(): string {
  return (opened?.context.native ?? loadNative()).libraryVersion().split("\n")[0] as string;
}

/** One rank's error must not leave the others waiting for it. */
function endTogether(native: Native, context: MpiContext, rank: number, size: number): void {
  process.on("uncaughtExceptionMonitor", (error) => {
    // Whoever handles such errors may go on; their exit code counts then.
    if (context.isClosed || size === 1 || process.listenerCount("uncaughtException") > 0) return;
    native.abort(`rank ${rank}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, 1);
  });
  process.on("exit", (code) => {
    if (context.isClosed) return;
    if (code !== 0 && size > 1) native.abort(`rank ${rank}: ended with exit code ${code}; the job ends.`, code);
    closeMpi();
  });
}

function checkLauncher(native: Native, rank: number, size: number): void {
  const launch = detectLauncher();
  if (!launch || (launch.rank === rank && launch.size === size)) return;
  throw new MpiError(
    `openMpi: expected rank ${launch.rank} of ${launch.size}, as ${launch.launcher} says, got rank ${rank} of ${size} from ` +
      `${native.libraryVersion().split("\n")[0]}. Start with the launcher of this MPI, or build for the launcher's: GRATICULE_MPI=openmpi|mpich npx graticule-mpi-build.`,
  );
}
