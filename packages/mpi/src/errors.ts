import { GraticuleError } from "@graticule/core";

/** Thrown when MPI reports an error; the message begins with MPI's own name for it. */
export class MpiError extends GraticuleError {
  constructor(message: string, options?: ErrorOptions & { readonly code?: string }) {
    super(options?.code ?? "GRATICULE_MPI", message, options);
  }
}

/** Thrown on every rank when check mode finds that the ranks have begun different operations. */
export class MpiMismatchError extends MpiError {
  constructor(message: string) {
    super(message, { code: "GRATICULE_MPI_MISMATCH" });
  }
}
