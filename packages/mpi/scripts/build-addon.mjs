#!/usr/bin/env node
// Compiles src-native/*.cc against the system's MPI into build/openmpi or build/mpich; nothing when nothing has changed.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAddon, findCompiler, runAsProgram } from "@graticule/addon-build";
import { HOW_TO_GET_MPI, searchMpi } from "./find-mpi.mjs";

const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Builds the addon for each MPI of the machine, if it is missing or out of date. GRATICULE_MPI=openmpi|mpich builds one.
 *
 * @param {{ log?: (line: string) => void, force?: boolean }} options
 * @returns {Promise<{ path: string, rebuilt: boolean, seconds: number, mpi: import("./find-mpi.mjs").Mpi }[]>}
 * @throws {Error} with what failed, the compiler's first lines and what to do
 */
export async function buildMpiAddons({ log = () => {}, force = false } = {}) {
  const { found, reasons } = searchMpi();
  if (found.length === 0)
    throw new Error(`mpi addon: expected an MPI, got none (${reasons.join("; ")}). ${HOW_TO_GET_MPI}.`);
  const built = [];
  for (const mpi of found) built.push(await buildFor(mpi, { log, force }));
  return built;
}

async function buildFor(mpi, { log, force }) {
  const { implementation, version, launcher } = mpi;
  const built = await compileAddon({
    name: "mpi addon",
    against: `${implementation} ${version}`,
    sourceDir: join(packageRoot, "src-native"),
    buildDir: join(packageRoot, "build", implementation),
    addonName: "graticule_mpi",
    standard: "c++17",
    compileFlags: ["-Wall", "-O3", "-pthread", "-DOMPI_SKIP_MPICXX", "-DMPICH_SKIP_MPICXX"],
    includeDirs: mpi.includeDirs,
    linkFlags: [
      ...(process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []),
      "-pthread",
      ...mpi.linkFlags,
    ],
    inputs: mpi,
    stamp: { implementation, version, launcher },
    advice:
      "Check that the compiler is g++ 9 or newer (or clang++ 12) and MPI's headers are whole; $MPICXX and $CXX choose others.",
    compiler: findCompiler("mpi addon"),
    log,
    force,
  });
  return { ...built, mpi };
}

await runAsProgram(import.meta.url, async () => {
  const built = await buildMpiAddons({ log: console.log, force: process.argv.includes("--force") });
  for (const { path, rebuilt } of built) if (!rebuilt) console.log(`mpi addon: up to date (${path})`);
});
