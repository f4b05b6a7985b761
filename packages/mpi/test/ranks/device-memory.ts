import { createRequire } from "node:module";
import type { NativeMemory } from "../../src/index.js";

/** What test/doubles/test-addon.cc exports. */
interface GpuDouble {
  allocate(device: number, bytes: number): bigint;
  write(address: bigint, bytes: Uint8Array, milliseconds: number): void;
  read(address: bigint, bytes: Uint8Array): void;
  breakNccl(): void;
  ncclCollectives(): number;
}

export const gpu = createRequire(import.meta.url)(process.env.GPU_DOUBLE as string) as GpuDouble;
const kind = process.env.GPU_DOUBLE_KIND as string;

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** Float32 values on a device, which get there after so many milliseconds of its default stream. */
export function onDevice(device: number, values: Float32Array, milliseconds = 0): NativeMemory {
  const address = gpu.allocate(device, values.byteLength);
  gpu.write(address, bytesOf(values), milliseconds);
  return { address, bytes: values.byteLength, dtype: "float32", device: `${kind}:${device}` };
}

export function fromDevice({ address, bytes }: NativeMemory): Float32Array {
  const values = new Float32Array(bytes / 4);
  gpu.read(address, bytesOf(values));
  return values;
}

/** Memory of a device for a view, as of the buffer that the view is of. */
export function describeOnDevice(device: number, address: bigint, bytes: number, dtype: string): NativeMemory {
  return { address, bytes, dtype, device: `${kind}:${device}` };
}
