import { ConfigError, type Logger, MissingDependencyError, silentLogger } from "@graticule/core";
import { env, setBackend } from "@tensorflow/tfjs-core";
import { loadTfjsNode } from "./load-tfjs-node.js";
import type { BackendMemory } from "./run-log.js";

/** Backends that training and evaluation run on. */
export type BackendName = "torch" | "tensorflow" | "wasm" | "cpu";

export interface BackendOptions {
  /** `auto`: torch where its addon is built, else wasm, with a line that says what that costs. */
  readonly name: BackendName | "auto";
  /** Device of the torch backend: `cpu`, `cuda`, `cuda:1`, `mps`. */
  readonly device: string;
  readonly precision: "fp32" | "bf16" | "fp16";
  /** Threads of the torch backend; 0 = all cores. */
  readonly threads: number;
}

/** A backend that is active now. */
export interface OpenedBackend {
  readonly name: BackendName;
  readonly precision: BackendOptions["precision"];
  /** Bytes that it holds, where it counts them. */
  readonly memory?: () => BackendMemory;
}

const openers: Readonly<Record<BackendName, (options: BackendOptions) => Promise<OpenedBackend>>> = {
  async torch({ device, precision, threads }) {
    const torch = await import("@graticule/tfjs-backend-torch");
    torch.loadTorch();
    torch.setDevice(device);
    torch.setPrecision(precision);
    if (threads > 0) torch.setThreads(threads);
    await setBackend("torch");
    const memory = (): BackendMemory => {
      const { liveBytes, peakBytes } = torch.memoryStats();
      return { liveBytes, peakBytes };
    };
    return { name: "torch", precision, memory };
  },
  async tensorflow(options) {
    assertPlain("tensorflow", options);
    env().set("PROD", true); // Else tfjs prints that its platform is set twice.
    loadTfjsNode();
    await setBackend("tensorflow");
    return { name: "tensorflow", precision: "fp32" };
  },
  async wasm(options) {
    assertPlain("wasm", options);
    await import("@tensorflow/tfjs-backend-wasm");
    await setBackend("wasm");
    return { name: "wasm", precision: "fp32" };
  },
  async cpu(options) {
    assertPlain("cpu", options);
    env().set("PROD", true); // Else tfjs prints advice to install another backend.
    await import("@tensorflow/tfjs-backend-cpu");
    await setBackend("cpu");
    return { name: "cpu", precision: "fp32" };
  },
};

/**
 * Makes a backend the active one.
 *
 * @throws {MissingDependencyError} if torch or tensorflow is asked for by name and its native code can't be loaded.
 * @throws {ConfigError} if device or precision is not one that the backend has.
 */
export async function openBackend(options: BackendOptions, logger: Logger = silentLogger): Promise<OpenedBackend> {
  if (options.name !== "auto") return openers[options.name](options);
  try {
    return await openers.torch(options);
  } catch (error) {
    if (!(error instanceof MissingDependencyError)) throw error;
    logger.warn(
      `running on wasm in fp32, one thread and many times slower than LibTorch, since ${error.message} \`npm run doctor\` says how to get it.`,
    );
    return openers.wasm({ ...options, device: "cpu", precision: "fp32" });
  }
}

function assertPlain(name: BackendName, { device, precision }: BackendOptions): void {
  if (device !== "cpu" || precision !== "fp32")
    throw new ConfigError(
      `backend ${name}: expected device cpu and precision fp32, got ${device} and ${precision}. Use the torch backend, or these.`,
    );
}
