// Finds LibTorch, in this order: $LIBTORCH; a Python torch that can be imported; the project's virtual environment
// ($GRATICULE_VENV, or .graticule/venv in this folder or above it); Debian's libtorch-dev.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} LibTorch
 * @property {"LIBTORCH" | "python" | "venv" | "debian"} source which rule found it
 * @property {string} root
 * @property {string[]} includeDirs
 * @property {string} libDir
 * @property {string} version for example "2.13.0"
 * @property {boolean} cxx11Abi value of _GLIBCXX_USE_CXX11_ABI that it was built with
 * @property {boolean} cuda whether it holds CUDA or ROCm libraries
 */

/** @returns {{ libtorch: LibTorch | null, reasons: string[] }} reasons: why each place was passed over */
export function searchLibTorch({ env = process.env, cwd = process.cwd() } = {}) {
  const reasons = [];
  if (env.LIBTORCH) {
    const libtorch = inspectRoot(resolve(env.LIBTORCH), "LIBTORCH");
    if (libtorch) return { libtorch, reasons };
    // A wish that cannot be granted is an error, not a reason to take another LibTorch.
    reasons.push(`$LIBTORCH is ${env.LIBTORCH}, which holds no include/ATen and lib/libtorch_cpu.so`);
    return { libtorch: null, reasons };
  }
  const fromPython = pythonTorchRoot("python3", env);
  const importable = fromPython && inspectRoot(fromPython, "python");
  if (importable) return { libtorch: importable, reasons };
  reasons.push("python3 cannot import torch");

  for (const venv of candidateVenvs(env, cwd)) {
    const root = venvTorchRoot(venv);
    const libtorch = root && inspectRoot(root, "venv");
    if (libtorch) return { libtorch, reasons };
    reasons.push(`${venv} holds no torch`);
  }
  const debian = inspectDebian();
  if (debian) return { libtorch: debian, reasons };
  reasons.push("Debian's libtorch-dev is not installed");
  return { libtorch: null, reasons };
}

/** @returns {LibTorch | null} */
export function findLibTorch(options) {
  return searchLibTorch(options).libtorch;
}

function pythonTorchRoot(python, env) {
  // find_spec does not run torch's own import, which takes seconds.
  const script =
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
  try {
    const options = { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 20_000 };
    return execFileSync(python, ["-c", script], options).trim() || null;
  } catch {
    return null;
  }
}

function candidateVenvs(env, cwd) {
  const venvs = env.GRATICULE_VENV ? [resolve(env.GRATICULE_VENV)] : [];
  for (const start of [cwd, dirname(fileURLToPath(import.meta.url))]) {
    for (let folder = resolve(start); ; folder = dirname(folder)) {
      const venv = join(folder, ".graticule", "venv");
      if (existsSync(venv) && !venvs.includes(venv)) venvs.push(venv);
      if (folder === dirname(folder)) break;
    }
  }
  return venvs;
}

function venvTorchRoot(venv) {
  const lib = join(venv, "lib");
  if (!existsSync(lib)) return null;
  const roots = readdirSync(lib)
    .filter((name) => name.startsWith("python"))
    .map((name) => join(lib, name, "site-packages", "torch"));
  return roots.find((root) => existsSync(root)) ?? null;
}

function inspectRoot(root, source) {
  const include = join(root, "include");
  const libDir = join(root, "lib");
  const library = process.platform === "darwin" ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
  if (!existsSync(join(include, "ATen", "core", "Tensor.h")) || !existsSync(join(libDir, library))) return null;
  return {
    source,
    root,
    includeDirs: [include, join(include, "torch", "csrc", "api", "include")],
    libDir,
    version: readVersion([join(root, "version.py"), join(root, "build-version")], include),
    cxx11Abi: readCxx11Abi(root),
    cuda: ["libtorch_cuda.so", "libtorch_hip.so"].some((name) => existsSync(join(libDir, name))),
  };
}

function inspectDebian() {
  const include = "/usr/include";
  if (!existsSync(join(include, "ATen", "core", "Tensor.h"))) return null;
  const libDir = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"].find((folder) =>
    existsSync(join(folder, "libtorch_cpu.so")),
  );
  if (!libDir) return null;
  const includeDirs = [join(include, "torch", "csrc", "api", "include")];
  const version = readVersion([], include);
  return { source: "debian", root: "/usr", includeDirs, libDir, version, cxx11Abi: true, cuda: false };
}

function readVersion(files, include) {
  for (const file of files) {
    const match = existsSync(file) && /(\d+\.\d+\.\d+)/.exec(readFileSync(file, "utf8"));
    if (match) return match[1];
  }
  const headers = ["torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"].map((name) =>
    join(include, name),
  );
  for (const header of headers) {
    if (!existsSync(header)) continue;
    const text = readFileSync(header, "utf8");
    const parts = ["MAJOR", "MINOR", "PATCH"].map((part) => new RegExp(`TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1]);
    if (parts.every(Boolean)) return parts.join(".");
  }
  return "unknown";
}

function readCxx11Abi(root) {
  // Only wheels before 2.6 were built with the old ABI; their CMake file says so.
  const file = join(root, "share", "cmake", "Torch", "TorchConfig.cmake");
  const match = existsSync(file) && /D_GLIBCXX_USE_CXX11_ABI=(\d)/.exec(readFileSync(file, "utf8"));
  return match ? match[1] === "1" : true;
}
