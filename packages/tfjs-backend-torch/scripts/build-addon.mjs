#!/usr/bin/env node
// Compiles src-native/*.cc against LibTorch into build/graticule_torch.node; does nothing when nothing has changed.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAddon, findCompiler, runAsProgram } from "@graticule/addon-build";
import { searchLibTorch } from "./find-libtorch.mjs";

const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));
// With --sanitize: checks of addresses and of undefined behaviour, beside the ordinary addon.
const sanitize = process.argv.includes("--sanitize");
// vptr needs type information of LibTorch's classes that its libraries do not export.
const sanitizeFlags = sanitize
  ? ["-fsanitize=address,undefined", "-fno-sanitize=vptr", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
  : [];

/**
 * Builds the addon if it is missing or out of date.
 *
 * @param {{ log?: (line: string) => void, force?: boolean }} options
 * @returns {Promise<{ path: string, rebuilt: boolean, seconds: number, libtorch: import("./find-libtorch.mjs").LibTorch }>}
 * @throws {Error} with what failed, the compiler's first lines and what to do
 */
export async function buildAddon({ log = () => {}, force = false } = {}) {
  const { libtorch, reasons } = searchLibTorch();
  if (!libtorch) {
    throw new Error(
      `torch addon: expected LibTorch, got none (${reasons.join("; ")}). ` +
        "Install it with `pip install torch` or `apt-get install libtorch-dev libopenblas0-pthread`, or set LIBTORCH to its folder.",
    );
  }
  const built = await compileAddon({
    name: "torch addon",
    against: `LibTorch ${libtorch.version} (${libtorch.source})`,
    sourceDir: join(packageRoot, "src-native"),
    buildDir: join(packageRoot, sanitize ? "build-sanitize" : "build"),
    addonName: "graticule_torch",
    standard: standardOf(libtorch),
    compileFlags: compileFlags(libtorch),
    flagsOf: instructionFlags,
    includeDirs: libtorch.includeDirs,
    linkFlags: linkFlags(libtorch),
    inputs: libtorch,
    stamp: { libtorch: libtorch.version, libDir: libtorch.libDir, source: libtorch.source },
    advice:
      "Check that the compiler is g++ 9 or newer (or clang++ 12) and LibTorch is whole; $LIBTORCH and $CXX choose others.",
    compiler: findCompiler("torch addon"),
    log,
    force,
  });
  return { ...built, libtorch };
}

/** Headers of LibTorch from 2.10 on want C++20 of some compilers; our own code is C++17. */
function standardOf(libtorch) {
  const [major, minor] = libtorch.version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 10) ? "c++20" : "c++17";
}

function compileFlags(libtorch) {
  return [
    // A root that may set errno, or a choice that may trap, would keep a loop from becoming vector code.
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wall",
    ...(sanitize ? ["-g1", ...sanitizeFlags] : []),
    ...(process.platform === "darwin" ? [] : ["-fopenmp"]),
    `-D_GLIBCXX_USE_CXX11_ABI=${libtorch.cxx11Abi ? 1 : 0}`,
  ];
}

/** Files named *_avx512.cc are compiled with those instructions; at run time they are called where the processor has them. */
function instructionFlags(source) {
  if (process.arch !== "x64" || !source.endsWith("_avx512.cc")) return [];
  return ["-O3", "-mfma", ...["f", "bw", "vl", "dq", "bf16"].map((set) => `-mavx512${set}`)];
}

function linkFlags(libtorch) {
  const flags = [...sanitizeFlags, `-L${libtorch.libDir}`, `-Wl,-rpath,${libtorch.libDir}`, "-ltorch_cpu", "-lc10"];
  if (process.platform === "darwin") return ["-undefined", "dynamic_lookup", ...flags];
  const device = existsSync(join(libtorch.libDir, "libtorch_hip.so")) ? "hip" : "cuda";
  // Nothing in our code names a symbol of the device library; it must be loaded all the same to register its kernels.
  const deviceFlags = libtorch.cuda ? ["-Wl,--no-as-needed", `-ltorch_${device}`, `-lc10_${device}`] : [];
  return ["-fopenmp", ...flags, ...deviceFlags];
}

await runAsProgram(import.meta.url, async () => {
  const { path, rebuilt } = await buildAddon({ log: console.log, force: process.argv.includes("--force") });
  if (!rebuilt) console.log(`torch addon: up to date (${path})`);
});
