import { ConfigError, formatBytes } from "@graticule/core";

/** A tensor that is to be loaded. */
export interface PlannedTensor {
  readonly path: string;
  /** Bytes that it takes when it is loaded, and while it is read. */
  readonly bytes: number;
  readonly readBytes: number;
}

/** Tensors of modules that may be read anew each time, by the module's path. */
export type StreamableModules = ReadonlyMap<string, readonly string[]>;

/** What of a model stays in memory. */
export interface LoadingPlan {
  /** Paths of the modules that are read each time they compute. */
  readonly streamed: readonly string[];
  /** Bytes of what stays. */
  readonly residentBytes: number;
  /** The most that loading or computing holds of weights at once, with the tensor that is being read. */
  readonly peakBytes: number;
}

/**
 * Decides which modules stay in memory within a limit: all where all fit, else as many of the streamable ones as do, from the
 * first.
 *
 * @throws {ConfigError} that says what is needed at least, if not even all of them streamed is little enough.
 */
export function planLoading(
  tensors: readonly PlannedTensor[],
  modules: StreamableModules,
  memoryLimit: number,
): LoadingPlan {
  const byPath = new Map(tensors.map((tensor) => [tensor.path, tensor]));
  const bytesOf = (paths: readonly string[]): number =>
    paths.reduce((sum, path) => sum + (byPath.get(path)?.bytes ?? 0), 0);
  const streamable = new Set([...modules.values()].flat());
  const fixedBytes = bytesOf(tensors.map(({ path }) => path).filter((path) => !streamable.has(path)));
  const readBytes = Math.max(0, ...tensors.map((tensor) => tensor.readBytes));
  const sizes = Array.from(modules, ([path, paths]) => [path, bytesOf(paths)] as const);
  const planWith = (kept: number): LoadingPlan => {
    const streamed = sizes.slice(kept);
    const residentBytes = sizes.slice(0, kept).reduce((sum, [, bytes]) => sum + bytes, fixedBytes);
    const workingBytes = Math.max(0, ...streamed.map(([, bytes]) => bytes));
    return {
      streamed: streamed.map(([path]) => path),
      residentBytes,
      peakBytes: residentBytes + workingBytes + readBytes,
    };
  };
  for (let kept = sizes.length; kept >= 0; kept--) {
    const plan = planWith(kept);
    if (plan.peakBytes <= memoryLimit) return plan;
  }
  const [whole, least] = [planWith(sizes.length).peakBytes, planWith(0).peakBytes];
  throw new ConfigError(
    `memoryLimit: expected room for the model's weights, ${formatBytes(whole)}${least < whole ? `, or ${formatBytes(least)} with streamed layers` : ""}, got ${formatBytes(memoryLimit)}. ` +
      `Raise the limit${least < whole ? "" : ", or name layers to stream"}.`,
  );
}
