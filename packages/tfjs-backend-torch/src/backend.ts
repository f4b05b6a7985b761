import {
  type BackendTimingInfo,
  type backend_util,
  type DataId,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  kernel_impls,
  type Tensor,
  type Tensor2D,
  TensorBuffer,
  type TensorInfo,
  type TypedArray,
  util,
} from "@tensorflow/tfjs-core";
import { dtypeCode } from "./dtype.js";
import { TorchKernelError } from "./errors.js";
import { ForgottenTensors } from "./forgotten.js";
import { attempt, boundAddon } from "./kernel-call.js";
import { type MemoryStats, memoryStats } from "./memory.js";
import { isBorrowable, toStored } from "./stored-values.js";
import { disposedHandle, stringsHandle, TorchData } from "./torch-data.js";

/** From here on a thread of libuv copies: 1 MB takes 0.1 to 0.4 ms, to hand it over 0.1 ms. */
const READ_LATER_BYTES = 2 ** 20;

/** The TensorFlow.js backend that keeps its tensors in LibTorch. */
export class TorchBackend extends KernelBackend {
  // Tensors that came from another backend keep their data id; those are looked up here.
  private readonly foreign = new DataStorage<TorchData>(this, engine());
  private count = 0;
  private readonly forgotten = new ForgottenTensors(() => {
    this.count--;
  });

  private find(dataId: DataId): TorchData | undefined {
    if (dataId instanceof TorchData && dataId.handle !== disposedHandle) return dataId;
    return this.foreign.has(dataId) ? this.foreign.get(dataId) : undefined;
  }

  /** @throws {TorchKernelError} if the data was disposed or belongs to no backend. */
  private data(dataId: DataId): TorchData {
    if (dataId instanceof TorchData && dataId.handle !== disposedHandle) return dataId;
    try {
      return this.foreign.get(dataId);
    } catch (cause) {
      throw new TorchKernelError("torch: expected a live tensor, got one that was disposed or is not a tensor.", {
        cause,
      });
    }
  }

  /** The native handle of a tensor; moves the tensor here if it lives in another backend. */
  handleOf(tensor: TensorInfo): number {
    const { dataId } = tensor;
    if (dataId instanceof TorchData && dataId.handle >= 0) return dataId.handle;
    const data = this.data(dataId);
    if (data.strings) {
      throw new TorchKernelError("torch: expected a numeric tensor, got one of dtype string.");
    }
    return data.handle;
  }

  /** Takes over a handle that a kernel returned. */
  adopt(handle: number, dtype: DataType): DataId {
    this.count++;
    return this.forgotten.watch(new TorchData(handle, dtype, 1));
  }

  stringsOf(tensor: TensorInfo): Uint8Array[] {
    return this.data(tensor.dataId).strings ?? [];
  }

  private store(
    values: backend_util.BackendValues | null,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): TorchData {
    if (dtype === "string") {
      this.count++;
      return new TorchData(stringsHandle, dtype, refCount, values as Uint8Array[]);
    }
    const addon = boundAddon();
    const stored = values && toStored(values, dtype);
    const dims = Float64Array.of(shape.length, ...shape);
    const borrow = stored !== null && isBorrowable(stored, dtype);
    const handle = attempt(() => addon.write(stored, dtypeCode(dtype), dims, borrow));
    this.count++;
    return this.forgotten.watch(new TorchData(handle, dtype, refCount));
  }

  override write(values: backend_util.BackendValues, shape: number[], dtype: DataType): DataId {
    return this.store(values, shape, dtype, 1);
  }

  override move(
    dataId: DataId,
    values: backend_util.BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    this.foreign.set(dataId, this.store(values, shape, dtype, refCount));
  }

  makeTensorInfo(shape: number[], dtype: DataType, values: backend_util.BackendValues): TensorInfo {
    return { dataId: this.write(values, shape, dtype), shape, dtype };
  }

  /** Another tensor over the same data, as Identity and Reshape make it. */
  share(tensor: TensorInfo, shape: number[]): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
  }

  override readSync(dataId: DataId): backend_util.BackendValues {
    const data = this.data(dataId);
    if (data.strings) return data.strings;
    return attempt(() => boundAddon().read(data.handle));
  }

  override async read(dataId: DataId): Promise<backend_util.BackendValues> {
    const data = this.data(dataId);
    if (data.strings) return data.strings;
    return attempt(() => boundAddon().readLater(data.handle, READ_LATER_BYTES));
  }

  bufferSync(tensor: TensorInfo): TensorBuffer<never> {
    const values = this.readSync(tensor.dataId);
    const decoded =
      tensor.dtype === "string" ? (values as Uint8Array[]).map((bytes) => util.decodeString(bytes)) : values;
    return new TensorBuffer(tensor.shape as never, tensor.dtype, decoded as never) as TensorBuffer<never>;
  }

  override refCount(dataId: DataId): number {
    return this.find(dataId)?.refCount ?? 0;
  }

  override incRef(dataId: DataId): void {
    this.data(dataId).refCount++;
  }

  decRef(dataId: DataId): void {
    const data = this.find(dataId);
    if (data) data.refCount--;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const data = this.find(dataId);
    if (!data) return true;
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    if (!data.strings) boundAddon().dispose(data.handle);
    data.handle = disposedHandle;
    this.count--;
    if (dataId !== data) this.foreign.delete(dataId);
    return true;
  }

  disposeIntermediate(tensor: TensorInfo): void {
    this.disposeData(tensor.dataId);
  }

  override numDataIds(): number {
    return this.count;
  }

  /** `tf.memory()` adds these to its own counts. */
  override memory(): { unreliable: boolean } & MemoryStats {
    return { unreliable: false, ...memoryStats() };
  }

  override async time(run: () => void): Promise<BackendTimingInfo> {
    const start = util.now();
    run();
    return { kernelMs: util.now() - start } as BackendTimingInfo;
  }

  /** Indices of the true elements, `[count, rank]`. */
  where(condition: Tensor): Tensor2D {
    return kernel_impls.whereImpl(condition.shape, this.readSync(condition.dataId) as TypedArray);
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override dispose(): void {}
}
