import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("doubles/header-check.cc", import.meta.url));

/** Where headers of CUDA and NCCL may lie: folders named by the environment, the toolkit's, and those of Python's wheels. */
function includeFolders(): string[] {
  const named = (process.env.GRATICULE_GPU_HEADERS ?? "").split(delimiter).filter(Boolean);
  const script = "import nvidia; print('\\n'.join(nvidia.__path__))";
  const { stdout } = spawnSync("python3", ["-c", script], { encoding: "utf8" });
  const wheels = (stdout ?? "").trim().split("\n").filter(Boolean);
  const inWheels = wheels.flatMap((path) =>
    ["nccl", "cu13", "cuda_runtime"].map((name) => join(path, name, "include")),
  );
  const toolkit = [process.env.CUDA_HOME, "/usr/local/cuda", "/usr/local/cuda-13.0", "/usr/local/cuda-12"];
  return [...named, ...inWheels, ...toolkit.map((path) => join(path ?? "/nowhere", "include")), "/usr/include"];
}

const folders = includeFolders().filter((folder) => existsSync(folder));
const has = (name: string): boolean => folders.some((folder) => existsSync(join(folder, name)));

function compile(...defines: string[]): void {
  const includes = folders.filter((folder) => folder !== "/usr/include").map((folder) => `-isystem${folder}`);
  const args = ["-std=c++17", "-fsyntax-only", ...defines, ...includes, source];
  execFileSync(process.env.CXX ?? "g++", args, { stdio: "pipe", encoding: "utf8" });
}

const noCuda = has("cuda_runtime_api.h") ? "" : " (skipped: no cuda_runtime_api.h)";
const noNccl = noCuda || (has("nccl.h") ? "" : " (skipped: no nccl.h; GRATICULE_GPU_HEADERS names its folder)");

test.skipIf(noCuda)(`functions of CUDA are called as its header declares them${noCuda}`, () => {
  expect(() => compile("-DCHECK_CUDA")).not.toThrow();
});

test.skipIf(noNccl)(`functions and enums of NCCL are those of its header${noNccl}`, () => {
  expect(() => compile("-DCHECK_NCCL")).not.toThrow();
});
