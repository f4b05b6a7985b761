import { GraticuleError } from "@graticule/core";

/** Thrown when a native kernel refuses its input: shapes that do not fit, a disposed tensor, an index out of range. */
export class TorchKernelError extends GraticuleError {
  constructor(message: string, options?: ErrorOptions) {
    super("GRATICULE_TORCH_KERNEL", message, options);
  }
}
