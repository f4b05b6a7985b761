#!/usr/bin/env node
// Compiles src-native/*.cc against LibTorch into build/graticule_torch.node; does nothing when nothing has changed.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { searchLibTorch } from "./find-libtorch.mjs";

const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const sourceDir = join(packageRoot, "src-native");
// With --sanitize: checks of addresses and of undefined behaviour, beside the ordinary addon.
const sanitize = process.argv.includes("--sanitize");
const buildDir = join(packageRoot, sanitize ? "build-sanitize" : "build");
const addonPath = join(buildDir, "graticule_torch.node");
const stampPath = join(buildDir, "stamp.json");
const logPath = join(buildDir, "build.log");
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
  const start = Date.now();
  const { libtorch, reasons } = searchLibTorch();
  if (!libtorch) {
    throw new Error(
      `torch addon: expected LibTorch, got none (${reasons.join("; ")}). ` +
        "Install it with `pip install torch` or `apt-get install libtorch-dev libopenblas0-pthread`, or set LIBTORCH to its folder.",
    );
  }
  const compiler = findCompiler();
  const flags = compileFlags(libtorch);
  const hash = hashInputs(libtorch, compiler, flags);
  if (!force && existsSync(addonPath) && readStamp()?.hash === hash) {
    return { path: addonPath, rebuilt: false, seconds: (Date.now() - start) / 1000, libtorch };
  }
  log(`torch addon: compiling against LibTorch ${libtorch.version} (${libtorch.source}) with ${compiler.name}`);
  mkdirSync(buildDir, { recursive: true });
  rmSync(stampPath, { force: true });
  writeFileSync(logPath, "");
  const sources = readdirSync(sourceDir).filter((name) => name.endsWith(".cc"));
  const objects = await compileAll(sources, compiler, flags, hashHeaders());
  await runCompiler(compiler, [...objects, "-o", addonPath, ...linkFlags(libtorch)], "linking");
  const stamp = { hash, libtorch: libtorch.version, libDir: libtorch.libDir, source: libtorch.source };
  writeFileSync(stampPath, `${JSON.stringify(stamp, null, 2)}\n`);
  const seconds = (Date.now() - start) / 1000;
  log(`torch addon: built in ${seconds.toFixed(1)} s`);
  return { path: addonPath, rebuilt: true, seconds, libtorch };
}

function findCompiler() {
  const names = process.env.CXX ? [process.env.CXX] : ["g++", "clang++"];
  for (const name of names) {
    const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
    if (status === 0) return { name, version: stdout.split("\n")[0] };
  }
  throw new Error(
    `torch addon: expected a C++ compiler, got none of ${names.join(", ")}. Install one with \`apt-get install g++\`.`,
  );
}

function compileFlags(libtorch) {
  const require = createRequire(import.meta.url);
  const nodeHeaders = require("node-api-headers").include_dir;
  const napiHeaders = dirname(realpathSync(require.resolve("node-addon-api/napi.h")));
  // Headers of LibTorch from 2.10 on want C++20 of some compilers; our own code is C++17.
  const [major, minor] = libtorch.version.split(".").map(Number);
  const standard = major > 2 || (major === 2 && minor >= 10) ? "c++20" : "c++17";
  return [
    `-std=${standard}`,
    "-O2",
    "-fPIC",
    "-fvisibility=hidden",
    // A root that may set errno, or a choice that may trap, would keep a loop from becoming vector code.
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wall",
    ...(sanitize ? ["-g1", ...sanitizeFlags] : []),
    ...(process.platform === "darwin" ? [] : ["-fopenmp"]),
    `-D_GLIBCXX_USE_CXX11_ABI=${libtorch.cxx11Abi ? 1 : 0}`,
    "-DNAPI_VERSION=8",
    "-DNAPI_CPP_EXCEPTIONS",
    "-DNODE_GYP_MODULE_NAME=graticule_torch",
    ...[...libtorch.includeDirs, nodeHeaders, napiHeaders].map((folder) => `-isystem${folder}`),
  ];
}

/** Files named *_avx512.cc are compiled with those instructions; at run time they are called where the processor has them. */
function instructionFlags(source) {
  if (process.arch !== "x64" || !source.endsWith("_avx512.cc")) return [];
  return ["-O3", "-mfma", ...["f", "bw", "vl", "dq", "bf16"].map((set) => `-mavx512${set}`)];
}

function linkFlags(libtorch) {
  const flags = [...sanitizeFlags, `-L${libtorch.libDir}`, `-Wl,-rpath,${libtorch.libDir}`, "-ltorch_cpu", "-lc10"];
  if (process.platform === "darwin") return ["-bundle", "-undefined", "dynamic_lookup", ...flags];
  const device = existsSync(join(libtorch.libDir, "libtorch_hip.so")) ? "hip" : "cuda";
  // Nothing in our code names a symbol of the device library; it must be loaded all the same to register its kernels.
  const deviceFlags = libtorch.cuda ? ["-Wl,--no-as-needed", `-ltorch_${device}`, `-lc10_${device}`] : [];
  return ["-shared", "-fopenmp", ...flags, ...deviceFlags];
}

function hashInputs(libtorch, compiler, flags) {
  const hash = createHash("sha256");
  for (const name of readdirSync(sourceDir).sort()) {
    hash.update(name);
    hash.update(readFileSync(join(sourceDir, name)));
  }
  hash.update(JSON.stringify([libtorch, compiler, flags, linkFlags(libtorch), process.arch]));
  return hash.digest("hex");
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, "utf8"));
  } catch {
    return null;
  }
}

/** Objects are named by the hash of what goes into them: one changed source recompiles one object. */
async function compileAll(sources, compiler, flags, headerHash) {
  const objects = sources.map((source) => {
    const hash = createHash("sha256").update(JSON.stringify([compiler, flags, headerHash]));
    hash.update(readFileSync(join(sourceDir, source)));
    return join(buildDir, source.replace(/\.cc$/, `-${hash.digest("hex").slice(0, 12)}.o`));
  });
  for (const name of readdirSync(buildDir)) {
    if (name.endsWith(".o") && !objects.includes(join(buildDir, name))) rmSync(join(buildDir, name));
  }
  const waiting = sources.map((source, index) => [source, objects[index]]).filter(([, object]) => !existsSync(object));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [source, object] = next;
      const all = [...flags, ...instructionFlags(source), "-c", join(sourceDir, source), "-o", object];
      await runCompiler(compiler, all, `compiling ${source}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), sources.length) }, worker));
  return objects;
}

function hashHeaders() {
  const hash = createHash("sha256");
  for (const name of readdirSync(sourceDir).sort()) {
    if (name.endsWith(".h")) hash.update(readFileSync(join(sourceDir, name)));
  }
  return hash.digest("hex");
}

function runCompiler(compiler, args, what) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler.name, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      writeFileSync(logPath, `$ ${compiler.name} ${args.join(" ")}\n${output}\n`, { flag: "a" });
      if (code === 0) return resolve();
      reject(new Error(describeFailure(what, compiler, output, code, signal)));
    });
  });
}

function describeFailure(what, compiler, output, code, signal) {
  const telling = output.split("\n").filter((line) => /error|cannot find|undefined reference|No such file/.test(line));
  const advice = /Killed|out of memory|SIGKILL/.test(`${output}${signal}`)
    ? "The compiler ran out of memory: free some (about 1 GB per core is needed)."
    : "Check that the compiler is g++ 9 or newer (or clang++ 12) and LibTorch is whole; $LIBTORCH and $CXX choose others.";
  return [
    `torch addon: ${what} failed (${compiler.version}, ${signal ?? `exit code ${code}`}).`,
    ...telling.slice(0, 5).map((line) => `  ${line.slice(0, 300)}`),
    `Full log: ${logPath}. ${advice}`,
  ].join("\n");
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const { path, rebuilt } = await buildAddon({ log: console.log, force: process.argv.includes("--force") });
    if (!rebuilt) console.log(`torch addon: up to date (${path})`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
