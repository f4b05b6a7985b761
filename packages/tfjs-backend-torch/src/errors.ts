import { GraticuleError } from "@graticule/core";

/** Thrown when a native kernel refuses its input: shapes that do not fit, a disposed tensor, an index out of range. */
export class TorchKernelError extends GraticuleError {
  constructor(message: string, options?: ErrorOptions & { readonly code?: string }) {
    super(options?.code ?? "GRATICULE_TORCH_KERNEL", message, options);
  }
}

/** Thrown when memory, or what `setMemoryLimit` allows of it, does not suffice. The backend goes on working. */
export class TorchOutOfMemoryError extends TorchKernelError {
  /** What was asked for; unknown where LibTorch itself, and not a tensor, ran out. */
  readonly bytesAsked: number | undefined;
  /** What was live then. */
  readonly liveBytes: number;

  constructor(message: string, bytesAsked: number | undefined, liveBytes: number, options?: ErrorOptions) {
    super(message, { ...options, code: "GRATICULE_TORCH_OUT_OF_MEMORY" });
    this.bytesAsked = bytesAsked;
    this.liveBytes = liveBytes;
  }
}
