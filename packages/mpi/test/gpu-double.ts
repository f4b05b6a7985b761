import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const doubles = fileURLToPath(new URL("doubles/", import.meta.url));

/** The flags that make a C++ compiler find Node-API's headers. */
function nodeHeaders(): string {
  const require = createRequire(new URL("../../addon-build/package.json", import.meta.url));
  return `-isystem${(require("node-api-headers") as { include_dir: string }).include_dir}`;
}

/** Compiles the double of CUDA and NCCL, or of HIP and RCCL, into a folder; its path. */
export function buildGpuDouble(folder: string, kind: "cuda" | "hip"): string {
  const output = join(folder, `${kind}-double.node`);
  const names = ["gpu-double.cc", "nccl-double.cc", "nccl-reduce.cc", "test-addon.cc"];
  const sources = names.map((name) => join(doubles, name));
  const define = kind === "hip" ? ["-DHIP"] : [];
  const flags = ["-std=c++17", "-O1", "-shared", "-fPIC", "-pthread", ...define, nodeHeaders()];
  execFileSync(process.env.CXX ?? "g++", [...flags, ...sources, "-o", output, "-lrt"], { stdio: "pipe" });
  return output;
}

/** Environment in which the addon finds the double, with NCCL or without. */
export function environmentOf(double: string, kind: "cuda" | "hip", hasNccl: boolean): Record<string, string> {
  return {
    GPU_DOUBLE: double,
    GPU_DOUBLE_KIND: kind,
    [kind === "cuda" ? "GRATICULE_CUDA_RUNTIME" : "GRATICULE_HIP_RUNTIME"]: double,
    GRATICULE_NCCL: hasNccl ? double : "/nowhere/libnccl.so.2",
  };
}
