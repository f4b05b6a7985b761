import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runJson } from "../harness/run-json.js";
import type { Side } from "../harness/sides.js";

/** Measures memory bandwidth with `bandwidth.cc`, compiled here by `$CXX` or g++. */
export function bandwidthSide(threads: number): Side {
  let program: string | undefined;
  return {
    name: "bandwidth",
    run() {
      program ??= compile();
      return runJson(program, [String(threads)]);
    },
  };
}

function compile(): string {
  const folder = fileURLToPath(new URL("../../../.graticule/bench/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const program = join(folder, "bandwidth");
  const source = fileURLToPath(new URL("bandwidth.cc", import.meta.url));
  const flags = ["-std=c++17", "-O3", "-march=native", "-fopenmp", source, "-o", program];
  execFileSync(process.env.CXX ?? "g++", flags, { stdio: ["ignore", "ignore", "pipe"] });
  return program;
}
