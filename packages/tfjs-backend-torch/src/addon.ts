import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { MissingDependencyError } from "@graticule/core";

/** Bytes that the backend holds; `storageBytes` counts what tensors own, `liveBytes` also what a kernel works on. */
export interface MemoryStats {
  readonly liveBytes: number;
  readonly peakBytes: number;
  /** Freed blocks kept for the next allocation. */
  readonly cachedBytes: number;
  readonly storageBytes: number;
  readonly storages: number;
}

export interface AddonDescription {
  readonly version: string;
  readonly cpuCapability: string;
  readonly mkl: boolean;
  readonly mkldnn: boolean;
  readonly openmp: boolean;
  readonly cuda: boolean;
  readonly flashAttention: boolean;
}

/** What src-native/addon.cc exports. `args` counts the doubles written to the bound array; `dims` is rank, sizes…  */
export interface Addon {
  bind(shared: Float64Array): void;
  run(kernel: number, args: number): number;
  write(values: ArrayBufferView | null, dtype: number, dims: Float64Array): number;
  read(handle: number): Float32Array | Int32Array | Uint8Array;
  dispose(handle: number): void;
  kernelNames(): string[];
  memory(): MemoryStats;
  resetPeakBytes(): void;
  releaseCachedBytes(): void;
  setThreads(threads: number): void;
  getThreads(): number;
  setPrecision(precision: 0 | 1): void;
  setDevice(device: string): void;
  getDevice(): string;
  describe(): AddonDescription;
}

// Both src/ and dist/ lie one level below the package's root.
const addonPath = fileURLToPath(new URL("../build/graticule_torch.node", import.meta.url));
const stampPath = fileURLToPath(new URL("../build/stamp.json", import.meta.url));

let loaded: Addon | undefined;

/** Whether the addon was built; says nothing about whether its LibTorch is still there. */
export function isAddonBuilt(): boolean {
  return existsSync(addonPath);
}

/** Where the LibTorch that the addon was built against lies. */
export function readBuildStamp(): { libDir: string; source: string } | undefined {
  return existsSync(stampPath) ? JSON.parse(readFileSync(stampPath, "utf8")) : undefined;
}

/**
 * Loads the native addon on first use.
 *
 * @throws {MissingDependencyError} if it is not built or its LibTorch cannot be loaded; the message says what to run.
 */
export function loadAddon(): Addon {
  if (loaded) return loaded;
  const advice =
    "Build it with `npx graticule-torch-build` (needs g++ and LibTorch, see the README), or use another tfjs backend.";
  if (!isAddonBuilt()) {
    throw new MissingDependencyError("libtorch", `torch backend: expected a built addon, got none. ${advice}`);
  }
  // OpenMP's threads otherwise spin while they wait: with another process on the same cores a step took 8 times longer.
  process.env.OMP_WAIT_POLICY ??= "PASSIVE";
  try {
    loaded = createRequire(import.meta.url)(addonPath) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new MissingDependencyError(
      "libtorch",
      `torch backend: expected a loadable addon, got "${reason}". ${advice}`,
      { cause },
    );
  }
  return loaded;
}
