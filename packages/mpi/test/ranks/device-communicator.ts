import type {
  Communicator,
  ElementArray,
  HalfArray,
  MpiBuffer,
  RaggedOptions,
  ReductionOptions,
  Request,
} from "../../src/index.js";
import { bytesOf, describeOnDevice, gpu } from "./device-memory.js";

/** A buffer's values on the device, and what brings them back. */
interface Placed {
  readonly buffer: MpiBuffer;
  takeBack(): void;
}

const dtypes = new Map<unknown, string>([
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int8Array, "int8"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
  [Int16Array, "int16"],
  [Uint16Array, "uint16"],
  [Int32Array, "int32"],
  [Uint32Array, "uint32"],
  [BigInt64Array, "int64"],
  [BigUint64Array, "uint64"],
]);

/** Carries every operation on arrays out in memory of a device: the conformance suite then runs there. */
export class DeviceCommunicator implements Communicator {
  readonly #host: Communicator;
  readonly #device: number;

  constructor(host: Communicator, device: number) {
    this.#host = host;
    this.#device = device;
  }

  get name(): string {
    return this.#host.name;
  }
  get rank(): number {
    return this.#host.rank;
  }
  get size(): number {
    return this.#host.size;
  }

  /** Copies arrays to the device; those of one buffer lie there as they do in it. What is no array stays as it is. */
  #place(...buffers: MpiBuffer[]): Placed[] {
    const addresses = new Map<ArrayBufferLike, bigint>();
    const views = buffers.map((each) => {
      const half = (each as HalfArray | null)?.values instanceof Uint16Array ? (each as HalfArray) : undefined;
      const array = half?.values ?? (each as ElementArray | null);
      const dtype = half?.dtype ?? dtypes.get(array?.constructor);
      return ArrayBuffer.isView(array) && dtype !== undefined ? { array: array as ElementArray, dtype } : undefined;
    });
    for (const view of views) {
      const whole = view?.array.buffer;
      if (!whole || addresses.has(whole)) continue;
      const address = gpu.allocate(this.#device, whole.byteLength);
      gpu.write(address, new Uint8Array(whole), 0);
      addresses.set(whole, address);
    }
    return buffers.map((buffer, at) => {
      const view = views[at];
      if (!view) return { buffer, takeBack() {} };
      const { array, dtype } = view;
      const address = (addresses.get(array.buffer) as bigint) + BigInt(array.byteOffset);
      const memory = describeOnDevice(this.#device, address, array.byteLength, dtype);
      return { buffer: memory, takeBack: () => gpu.read(address, bytesOf(array)) };
    });
  }

  #run<T>(buffers: MpiBuffer[], run: (...placed: MpiBuffer[]) => T): T {
    const placed = this.#place(...buffers);
    const result = run(...placed.map(({ buffer }) => buffer));
    placed.at(-1)?.takeBack();
    return result;
  }

  #start(buffers: MpiBuffer[], start: (...placed: MpiBuffer[]) => Request): Request {
    const placed = this.#place(...buffers);
    const request = start(...placed.map(({ buffer }) => buffer));
    let isBack = false;
    const back = <T>(result: T): T => {
      if (!isBack) placed.at(-1)?.takeBack();
      isBack = true;
      return result;
    };
    return {
      wait: async () => back(await request.wait()),
      waitSync: () => back(request.waitSync()),
      test: () => request.test() && back(true),
    };
  }

  barrier(): void {
    this.#host.barrier();
  }
  startBarrier(): Request {
    return this.#host.startBarrier();
  }
  broadcast(buffer: MpiBuffer, root?: number): void {
    this.#run([buffer], (placed) => this.#host.broadcast(placed as MpiBuffer, root));
  }
  startBroadcast(buffer: MpiBuffer, root?: number): Request {
    return this.#start([buffer], (placed) => this.#host.startBroadcast(placed as MpiBuffer, root));
  }
  allReduce(buffer: MpiBuffer, options?: ReductionOptions): void {
    this.#run([buffer], (placed) => this.#host.allReduce(placed as MpiBuffer, options));
  }
  startAllReduce(buffer: MpiBuffer, options?: ReductionOptions): Request {
    return this.#start([buffer], (placed) => this.#host.startAllReduce(placed as MpiBuffer, options));
  }
  reduceScatter(input: MpiBuffer, output: MpiBuffer, options?: ReductionOptions & RaggedOptions): void {
    this.#run([input, output], (a, b) => this.#host.reduceScatter(a as MpiBuffer, b as MpiBuffer, options));
  }
  startReduceScatter(input: MpiBuffer, output: MpiBuffer, options?: ReductionOptions & RaggedOptions): Request {
    return this.#start([input, output], (a, b) =>
      this.#host.startReduceScatter(a as MpiBuffer, b as MpiBuffer, options),
    );
  }
  allGather(input: MpiBuffer, output: MpiBuffer, options?: RaggedOptions): void {
    this.#run([input, output], (a, b) => this.#host.allGather(a as MpiBuffer, b as MpiBuffer, options));
  }
  startAllGather(input: MpiBuffer, output: MpiBuffer, options?: RaggedOptions): Request {
    return this.#start([input, output], (a, b) => this.#host.startAllGather(a as MpiBuffer, b as MpiBuffer, options));
  }
  allToAll(input: MpiBuffer, output: MpiBuffer): void {
    this.#run([input, output], (a, b) => this.#host.allToAll(a as MpiBuffer, b as MpiBuffer));
  }
  startAllToAll(input: MpiBuffer, output: MpiBuffer): Request {
    return this.#start([input, output], (a, b) => this.#host.startAllToAll(a as MpiBuffer, b as MpiBuffer));
  }
  send(buffer: MpiBuffer, to: number, tag?: number): void {
    this.#run([buffer], (placed) => this.#host.send(placed as MpiBuffer, to, tag));
  }
  startSend(buffer: MpiBuffer, to: number, tag?: number): Request {
    return this.#start([buffer], (placed) => this.#host.startSend(placed as MpiBuffer, to, tag));
  }
  receive(buffer: MpiBuffer, from: number, tag?: number): number {
    return this.#run([buffer], (placed) => this.#host.receive(placed as MpiBuffer, from, tag));
  }
  startReceive(buffer: MpiBuffer, from: number, tag?: number): Request {
    return this.#start([buffer], (placed) => this.#host.startReceive(placed as MpiBuffer, from, tag));
  }
  split(color: number, options?: { readonly key?: number; readonly name?: string }): Communicator | undefined {
    const part = this.#host.split(color, options);
    return part && new DeviceCommunicator(part, this.#device);
  }
  dup(name?: string): Communicator {
    return new DeviceCommunicator(this.#host.dup(name), this.#device);
  }
  free(): void {
    this.#host.free();
  }
}
