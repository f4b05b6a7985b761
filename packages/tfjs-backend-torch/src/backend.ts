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
import { asKernelError, boundAddon } from "./kernel-call.js";

/** What stands behind a tensor; it is its own tfjs data id, so that no map lies between an op and its handle. */
class TorchData {
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

const disposed = -1;

/** The TensorFlow.js backend that keeps its tensors in LibTorch. */
export class TorchBackend extends KernelBackend {
  // Tensors that came from another backend keep their data id; those are looked up here.
  private readonly foreign = new DataStorage<TorchData>(this, engine());
  private count = 0;

  private find(dataId: DataId): TorchData | undefined {
    if (dataId instanceof TorchData && dataId.handle !== disposed) return dataId;
    return this.foreign.has(dataId) ? this.foreign.get(dataId) : undefined;
  }

  /** @throws {TorchKernelError} if the data was disposed or belongs to no backend. */
  private data(dataId: DataId): TorchData {
    if (dataId instanceof TorchData && dataId.handle !== disposed) return dataId;
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
    return new TorchData(handle, dtype, 1);
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
      return new TorchData(-2, dtype, refCount, values as Uint8Array[]);
    }
    const addon = boundAddon();
    try {
      const dims = Float64Array.of(shape.length, ...shape);
      const handle = addon.write(values && toStored(values, dtype), dtypeCode(dtype), dims);
      const data = new TorchData(handle, dtype, refCount);
      this.count++;
      return data;
    } catch (cause) {
      throw asKernelError(cause);
    }
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
    try {
      return boundAddon().read(data.handle);
    } catch (cause) {
      throw asKernelError(cause);
    }
  }

  override async read(dataId: DataId): Promise<backend_util.BackendValues> {
    return this.readSync(dataId);
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
    data.handle = disposed;
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

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
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

/** Values in the element type that LibTorch stores; a view where they already are. */
function toStored(values: backend_util.BackendValues, dtype: DataType): ArrayBufferView {
  if (dtype === "bool") {
    if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) return values;
    return Uint8Array.from(values as Float32Array, (value) => (value ? 1 : 0));
  }
  if (dtype === "int32") return values instanceof Int32Array ? values : Int32Array.from(values as Float32Array);
  return values instanceof Float32Array ? values : Float32Array.from(values as Int32Array);
}
