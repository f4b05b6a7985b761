import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { MissingDependencyError } from "@graticule/core";

/** Bytes of CPU memory in use now, and the most at once since `resetPeakBytes`. */
export interface LivePeakBytes {
  readonly liveBytes: number;
  readonly peakBytes: number;
}

/** What src-native/addon_memory.cc reports. */
export interface NativeMemory extends LivePeakBytes {
  readonly reservedBytes: number;
  readonly storageBytes: number;
  readonly storages: number;
  readonly tags: Readonly<Record<string, LivePeakBytes>>;
}

export type NativeValues = Float32Array | Int32Array | Uint8Array;

/** Where a tensor's values lie, as they are stored: row-major, without gaps. */
export interface DataPointer {
  readonly address: bigint;
  readonly bytes: number;
  readonly dtype: "float32" | "int32" | "bool" | "complex64" | "bfloat16" | "float16";
  /** `cpu`, or for example `cuda:0`: then the address is the device's. */
  readonly device: string;
}

export interface AddonDescription {
  readonly version: string;
  readonly cpuCapability: string;
  readonly mkl: boolean;
  readonly mkldnn: boolean;
  readonly openmp: boolean;
  readonly cuda: boolean;
  /** GPUs that LibTorch sees. */
  readonly gpuCount: number;
  readonly flashAttention: boolean;
}

/** What src-native/addon*.cc export. `args` counts the doubles written to the bound array; `dims` is rank, sizes…  */
export interface Addon {
  /** Returns the array to use: another one where another copy of this package was first. */
  bind(shared: Float64Array): Float64Array;
  run(kernel: number, args: number): number;
  /** `borrow`: the storage lies in the array's memory. */
  write(values: ArrayBufferView | null, dtype: number, dims: Float64Array, borrow: boolean): number;
  read(handle: number): NativeValues;
  /** A promise from `fromBytes` bytes on. */
  readLater(handle: number, fromBytes: number): NativeValues | Promise<NativeValues>;
  dispose(handle: number): void;
  /** Whether it was there. */
  disposeIfLive(handle: number): boolean;
  releaseStorage(handle: number): void;
  restoreStorage(handle: number, values: ArrayBufferView | null, dtype: number | null): void;
  placeStorage(handle: number, within: number, offset: number): void;
  copyStorage(from: number, to: number): void;
  dataPointer(handle: number): DataPointer;
  writeInFile(folder: string, length: number): number;
  writeInHostMemory(length: number): number;
  fetchStorage(handle: number): void;
  evictStorage(handle: number): void;
  awaitEvictions(pending: number): void;
  kernelNames(): string[];
  memory(): NativeMemory;
  liveBytes(): number;
  /** Makes V8 consider a collection. */
  hintCollection(): void;
  resetPeakBytes(): void;
  releaseCachedBytes(): void;
  setMemoryLimits(liveBytes: number, cachedBytes: number): void;
  /** The tag's index; a new one is made. */
  memoryTag(name: string): number;
  /** Returns the tag that was set before; 0 is none. */
  setMemoryTag(tag: number): number;
  setThreads(threads: number): void;
  getThreads(): number;
  setPrecision(precision: number): void;
  getPrecision(): number;
  setDevice(device: string): void;
  getDevice(): string;
  describe(): AddonDescription;
}

// Both src/ and dist/ lie one level below the package's root.
const buildFolder = process.env.GRATICULE_TORCH_BUILD ?? "build";
const addonPath = fileURLToPath(new URL(`../${buildFolder}/graticule_torch.node`, import.meta.url));
const stampPath = fileURLToPath(new URL(`../${buildFolder}/stamp.json`, import.meta.url));

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
  // OpenMP's threads otherwise spin for a millisecond where they wait: beside another process on the same cores a step
  // took three to ten times longer. A few microseconds of it cost nothing there, and gain most of what spinning gains.
  if (!process.env.OMP_WAIT_POLICY) process.env.GOMP_SPINCOUNT ??= "3000";
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
