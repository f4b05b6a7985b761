import type { Addon } from "./addon.js";
import { boundAddon, withAddon } from "./kernel-call.js";

/** Calls of one native kernel, or of `write`, `read` or `dispose`, which move and free data. */
export interface KernelTime {
  readonly name: string;
  readonly calls: number;
  readonly milliseconds: number;
}

export interface KernelProfile<T> {
  readonly result: T;
  /** Wall time of the whole function. */
  readonly milliseconds: number;
  /** Wall time inside native kernels; the rest is JavaScript, and data moved and freed. */
  readonly kernelMilliseconds: number;
  /** The longest first. */
  readonly calls: readonly KernelTime[];
}

/**
 * Runs a synchronous function and times each native call that it makes. Costs nothing where it isn't used.
 *
 * On a CUDA device a kernel returns before it ends, so there the times are those of the launches.
 *
 * @throws {MissingDependencyError} if the addon can't be loaded; and what the function throws.
 */
export function profileKernels<T>(run: () => T): KernelProfile<T> {
  const times = new Map<string, { calls: number; milliseconds: number }>();
  const start = performance.now();
  const result = withAddon(timedAddon(boundAddon(), times), run);
  const milliseconds = performance.now() - start;
  const calls = [...times].map(([name, time]) => ({ name, ...time })).sort((a, b) => b.milliseconds - a.milliseconds);
  const kernels = calls.filter(({ name }) => !isTransfer(name));
  return {
    result,
    milliseconds,
    kernelMilliseconds: kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0),
    calls,
  };
}

const transfers = ["write", "read", "dispose"] as const;

function isTransfer(name: string): boolean {
  return (transfers as readonly string[]).includes(name);
}

/** The addon with a clock around what a training step calls. */
function timedAddon(addon: Addon, times: Map<string, { calls: number; milliseconds: number }>): Addon {
  const names = addon.kernelNames();
  const timed = <R>(name: string, call: () => R): R => {
    const start = performance.now();
    try {
      return call();
    } finally {
      const elapsed = performance.now() - start;
      const time = times.get(name);
      if (time) {
        time.calls++;
        time.milliseconds += elapsed;
      } else times.set(name, { calls: 1, milliseconds: elapsed });
    }
  };
  return {
    ...addon,
    run: (kernel, args) => timed(names[kernel] as string, () => addon.run(kernel, args)),
    write: (values, dtype, dims, borrow) => timed("write", () => addon.write(values, dtype, dims, borrow)),
    read: (handle) => timed("read", () => addon.read(handle)),
    dispose: (handle) => timed("dispose", () => addon.dispose(handle)),
  };
}
