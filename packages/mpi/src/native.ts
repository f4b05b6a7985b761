import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { MissingDependencyError } from "@graticule/core";
import type { ElementArray } from "./element-type.js";
import { detectLauncher } from "./launcher.js";
import { prepareUcx } from "./prepare-ucx.js";

export type MpiImplementation = "openmpi" | "mpich";

/** A communicator as src-native/addon.cc describes it. */
export interface NativeCommunicator {
  readonly handle: number;
  readonly name: string;
  readonly rank: number;
  readonly size: number;
}

/** An operation that src-native/timeline.h has recorded. Units: seconds of a clock of its own. */
export interface NativeRecord {
  readonly name: string;
  readonly communicator: string;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
  readonly blockedFrom?: number;
}

/** What src-native/addon.cc exports. An error code is MPI's; 0 is success, −1 a mismatch found by check mode. */
export interface Native {
  /** The world; or the thread level that MPI gives, where that is too low. */
  open(timeoutSeconds: number, check: boolean, completed: (request: number) => void): NativeCommunicator | number;
  close(): void;
  abort(message: string, exitCode: number): never;
  /** An error code if blocking; otherwise the id of a request, or minus an error code, or 0 for a mismatch. */
  run(
    kind: number,
    communicator: number,
    count: number,
    elementType: number,
    reduction: number,
    peer: number,
    tag: number,
    input: ElementArray | bigint | null,
    output: ElementArray | bigint | null,
    counts: Int32Array | null,
    blocking: boolean,
    device: number,
  ): number;
  /** Loads the runtime `cuda` or `hip`; throws what is missing. */
  openDeviceRuntime(kind: string): void;
  /** How collectives on a device's memory travel, or −1 for a mismatch. Throws why they can't. */
  openDevicePath(communicator: number, device: number, wanted: number): string | number;
  /** An error code once the request is done; null until then. */
  test(request: number): number | null;
  wait(request: number): number;
  expect(request: number): void;
  keepRunning(on: boolean): void;
  receivedCount(): number;
  errorText(code: number): string;
  derive(
    communicator: number,
    color: number,
    key: number,
    name: string,
    duplicate: boolean,
  ): NativeCommunicator | number | null;
  /** False while operations are pending. */
  free(communicator: number): boolean;
  /** The time now by the clock of the records. */
  startRecording(): number;
  stopRecording(): readonly NativeRecord[];
  libraryVersion(): string;
}

/** Which MPI an addon was compiled against. */
export interface MpiBuild {
  readonly implementation: MpiImplementation;
  readonly version: string;
  /** Path of its mpirun or mpiexec. */
  readonly launcher: string | null;
}

const HOW_TO_BUILD =
  "Install Open MPI or MPICH (`apt-get install libopenmpi-dev openmpi-bin`, or your cluster's MPI module) and g++, then run `npx graticule-mpi-build`.";

// Both src/ and dist/ lie one level below the package's root.
const fileOf = (implementation: MpiImplementation, name: string): string =>
  fileURLToPath(new URL(`../build/${implementation}/${name}`, import.meta.url));

/** The addons that are built here, Open MPI's first. */
export function mpiBuilds(): readonly MpiBuild[] {
  return (["openmpi", "mpich"] as const)
    .filter((implementation) => existsSync(fileOf(implementation, "stamp.json")))
    .map((implementation) => JSON.parse(readFileSync(fileOf(implementation, "stamp.json"), "utf8")) as MpiBuild);
}

/**
 * The addon to use: the one that `GRATICULE_MPI` names, else the one of the launcher that started this process, else the first.
 *
 * @throws {MissingDependencyError} if it is not built; the message says what to install and run.
 */
export function chooseMpiBuild(environment: Readonly<Record<string, string | undefined>> = process.env): MpiBuild {
  const builds = mpiBuilds();
  const launcher = detectLauncher(environment)?.launcher;
  const ofLauncher = launcher === "openmpi" ? "openmpi" : launcher === "hydra" ? "mpich" : undefined;
  const wish = environment.GRATICULE_MPI ?? ofLauncher;
  const chosen = wish === undefined ? builds[0] : builds.find(({ implementation }) => implementation === wish);
  if (chosen) return chosen;
  if (wish === undefined || builds.length === 0)
    throw new MissingDependencyError("mpi", `mpi: expected a built addon, got none. ${HOW_TO_BUILD}`);
  const why = environment.GRATICULE_MPI ? "named by GRATICULE_MPI" : "whose launcher started this process";
  throw new MissingDependencyError(
    "mpi",
    `mpi: expected an addon for ${wish}, ${why}, got one for ${builds[0]?.implementation}. Run \`GRATICULE_MPI=${wish} npx graticule-mpi-build\`, or start with the other MPI's launcher.`,
  );
}

/** @throws {MissingDependencyError} if the addon is not built or its MPI library can't be loaded. */
export function loadNative(): Native {
  const { implementation } = chooseMpiBuild();
  prepareUcx();
  try {
    return createRequire(import.meta.url)(fileOf(implementation, "graticule_mpi.node")) as Native;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new MissingDependencyError("mpi", `mpi: expected a loadable addon, got "${reason}". ${HOW_TO_BUILD}`, {
      cause,
    });
  }
}
