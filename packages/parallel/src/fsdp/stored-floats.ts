import { releaseStorage, restoreStorage, type StoredFloat } from "@graticule/tfjs-backend-torch";
import { fill, keep, type Tensor } from "@tensorflow/tfjs-core";

/** A vector, kept, stored as asked; zeros in float32, undefined values otherwise. None of it lies in JavaScript's memory. */
export function makeFloats(length: number, stored: StoredFloat): Tensor {
  const vector = keep(fill([length], 0));
  if (stored !== "float32") {
    releaseStorage(vector);
    restoreFloats(vector, stored);
  }
  return vector;
}

/** Gives a released vector memory of undefined values. */
export function restoreFloats(vector: Tensor, stored: StoredFloat): void {
  restoreStorage(vector, undefined, stored);
}
