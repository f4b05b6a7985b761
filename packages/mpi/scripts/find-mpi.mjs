// Finds MPI by its C++ compiler wrappers: $MPICXX, then mpicxx (whose MPI the system chose), then those named after an MPI.
// GRATICULE_MPI=openmpi|mpich allows only one of them.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";

/**
 * @typedef {object} Mpi
 * @property {"openmpi" | "mpich"} implementation `mpich` stands for all that share its ABI: Cray MPICH, Intel MPI, MVAPICH
 * @property {string} version for example "4.1.4"
 * @property {string} wrapper path of the compiler wrapper
 * @property {string | null} launcher path of the mpirun or mpiexec beside it
 * @property {string[]} includeDirs
 * @property {string[]} linkFlags
 */

export const HOW_TO_GET_MPI =
  "Install Open MPI with `apt-get install libopenmpi-dev openmpi-bin` or MPICH with `apt-get install libmpich-dev mpich` " +
  "(on a cluster: load its MPI module), or set MPICXX to its compiler wrapper";

/**
 * Every MPI of this machine, the one to use first.
 *
 * @param {{ env?: Record<string, string | undefined> }} [options]
 * @returns {{ found: Mpi[], reasons: string[] }} reasons: why each place was passed over
 */
export function searchMpi({ env = process.env } = {}) {
  const wish = env.GRATICULE_MPI;
  if (wish !== undefined && wish !== "openmpi" && wish !== "mpich")
    return { found: [], reasons: [`GRATICULE_MPI is '${wish}', expected openmpi or mpich`] };
  // A wish that can't be granted is an error, not a reason to take another MPI.
  const names = env.MPICXX ? [env.MPICXX] : ["mpicxx", "mpic++", "mpicxx.openmpi", "mpicxx.mpich"];
  const found = [];
  const reasons = [];
  for (const name of names) {
    const wrapper = findProgram(name, env);
    const mpi = wrapper && inspectWrapper(wrapper, env);
    if (!mpi) reasons.push(wrapper ? `${wrapper} shows no mpi.h` : `${name} is not on PATH`);
    else if (wish && mpi.implementation !== wish) reasons.push(`${wrapper} is of ${mpi.implementation}`);
    else if (!found.some(({ implementation }) => implementation === mpi.implementation)) found.push(mpi);
  }
  return { found, reasons };
}

function findProgram(name, env) {
  if (name.includes("/")) return existsSync(name) ? name : null;
  const folders = (env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

function inspectWrapper(wrapper, env) {
  const words = show(wrapper, env);
  const includeDirs = words.filter((word) => word.startsWith("-I")).map((word) => word.slice(2));
  const header = [...includeDirs, "/usr/include"]
    .map((folder) => join(folder, "mpi.h"))
    .find((path) => existsSync(path));
  if (!header) return null;
  const which = readImplementation(readFileSync(header, "utf8"));
  if (!which) return null;
  const libraryDirs = words.filter((word) => word.startsWith("-L")).map((word) => word.slice(2));
  // The addon calls MPI's C functions only; the C++ bindings are gone from newer libraries.
  const libraries = words.filter((word) => /^-l/.test(word) && !/^-l(mpi_cxx|mpichcxx|mpicxx)$/.test(word));
  const linkFlags = [...libraryDirs.flatMap((folder) => [`-L${folder}`, `-Wl,-rpath,${folder}`]), ...libraries];
  return { ...which, wrapper, launcher: findLauncher(wrapper), includeDirs, linkFlags };
}

function show(wrapper, env) {
  try {
    const options = { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 20_000 };
    return execFileSync(wrapper, ["-show"], options).trim().split(/\s+/);
  } catch {
    return [];
  }
}

function readImplementation(header) {
  const number = (name) => new RegExp(`#define\\s+${name}\\s+(\\d+)`).exec(header)?.[1];
  const openMpi = ["MAJOR", "MINOR", "RELEASE"].map((part) => number(`OMPI_${part}_VERSION`));
  if (openMpi.every(Boolean)) return { implementation: "openmpi", version: openMpi.join(".") };
  const mpich = /#define\s+MPICH_VERSION\s+"([^"]+)"/.exec(header)?.[1];
  return mpich ? { implementation: "mpich", version: mpich } : null;
}

/** mpirun beside the wrapper, with the same suffix where Debian gave it one. */
function findLauncher(wrapper) {
  const suffix = /\.(openmpi|mpich)$/.exec(basename(wrapper))?.[0] ?? "";
  const names = ["mpirun", "mpiexec"].map((name) => join(dirname(wrapper), `${name}${suffix}`));
  return names.find((path) => existsSync(path)) ?? null;
}
