import { fileURLToPath } from "node:url";
import { findPeerScript, findPython } from "./find-peer.js";
import { type Measured, runJson } from "./run-json.js";

/** One contestant of a benchmark; each run is a process of its own, so that thread pools and caches start alike. */
export interface Side {
  readonly name: string;
  readonly run: () => Promise<Measured>;
}

export interface Settings {
  readonly model: string;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  /** Timed steps of one run. */
  readonly steps: number;
}

/** A script of `ours/`, which gets its settings as JSON and prints JSON. */
export function ourSide(script: string, settings: object, name = "ours"): Side {
  const path = fileURLToPath(new URL(`../ours/${script}.ts`, import.meta.url));
  const args = ["--conditions=@graticule/source", "--import", "tsx", path, JSON.stringify(settings)];
  return { name, run: () => runJson(process.execPath, args) };
}

/** A script of `peers/`, on PyTorch. */
export function torchSide(script: string, settings: object, name = "pytorch"): Side {
  return pythonSide(script, ["torch"], settings, name);
}

/** The MAE step of the shared folder, which PyTorch is measured by. */
export function maeStepPeer({ model, batch, dtype, threads, steps }: Settings, compile: boolean): Side {
  const flags = ["--model", model, "--batch", batch, "--dtype", dtype, "--threads", threads, "--steps", steps];
  return {
    name: compile ? "pytorch-compile" : "pytorch",
    async run() {
      const script = findPeerScript("mae_step.py");
      if (!script) throw new Error("expected ../shared/peers/mae_step.py beside the project, got none");
      const found = await runJson(pythonWith(["torch"]), [
        script,
        ...flags.map(String),
        ...(compile ? ["--compile"] : []),
      ]);
      return {
        imagesPerSecond: found.images_per_s as number,
        secondsPerStep: found.seconds_per_step as number,
        gflops: found.gflops as number,
        peakRssMB: found.peak_rss_mb as number,
      };
    },
  };
}

/** A script of `peers/`, by a Python that has the modules. */
export function pythonSide(script: string, modules: readonly string[], settings: object, name: string): Side {
  const path = fileURLToPath(new URL(`../peers/${script}.py`, import.meta.url));
  return { name, run: async () => runJson(pythonWith(modules), [path, JSON.stringify(settings)]) };
}

function pythonWith(modules: readonly string[]): string {
  const python = findPython(modules);
  if (python) return python;
  throw new Error(`expected a Python that imports ${modules.join(", ")}, got none; set GRATICULE_PEER_PYTHON`);
}
