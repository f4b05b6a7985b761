import type { DataType } from "@tensorflow/tfjs-core";

/** Handles of data that has no storage in LibTorch. */
export const disposedHandle = -1;
export const stringsHandle = -2;

/** What stands behind a tensor; it is its own tfjs data id, so that no map lies between an op and its handle. */
export class TorchData {
  handle: number;
  refCount: number;
  readonly dtype: DataType;
  /** Values of a string tensor, which never reach LibTorch. */
  readonly strings: Uint8Array[] | undefined;

  constructor(handle: number, dtype: DataType, refCount: number, strings?: Uint8Array[]) {
    this.handle = handle;
    this.dtype = dtype;
    this.refCount = refCount;
    this.strings = strings;
  }
}
