import type { Request } from "@graticule/mpi";
import {
  copyStorage,
  dataPointer,
  placeStorage,
  releaseStorage,
  type StoredFloat,
} from "@graticule/tfjs-backend-torch";
import { add, keep, mul, split, type Tensor, tidy, zerosLike } from "@tensorflow/tfjs-core";
import type { Mesh } from "../mesh.js";
import type { FlatLayout } from "./flat-layout.js";
import { makeFloats } from "./stored-floats.js";

interface Reduction {
  /** Whole gradients of this rank. Shape: `[ranks · shardSize]`. */
  readonly whole: Tensor;
  /** Sum over the ranks of this rank's part. Shape: `[shardSize]`. */
  readonly part: Tensor;
  readonly request: Request | undefined;
  /** The sum of `part` over replicas, once it is under way. */
  replicas: Request | undefined;
}

/** Gradients of a unit: whole ones go in as they come, means of this rank's part come out. */
export class GradientShard {
  readonly #layout: FlatLayout;
  readonly #mesh: Mesh;
  readonly #dtype: StoredFloat;
  /** One for each parameter, without memory of its own: its place in `#whole`. */
  readonly #places: ReadonlyMap<string, Tensor>;
  #whole: Tensor | undefined;
  readonly #missing: Set<string>;
  readonly #seen = new Set<string>();
  #reductions: Reduction[] = [];
  #sum: Tensor | undefined;

  constructor(layout: FlatLayout, mesh: Mesh, dtype: StoredFloat) {
    this.#layout = layout;
    this.#mesh = mesh;
    this.#dtype = dtype;
    this.#missing = new Set(layout.parameters.map(({ path }) => path));
    this.#places = new Map(
      layout.parameters.map(({ path, parameter }) => {
        const place = makeFloats(parameter.size, "float32");
        releaseStorage(place);
        return [path, place];
      }),
    );
  }

  /** Takes ownership of a gradient; true if it was the last of the unit's. */
  add(path: string, gradient: Tensor): boolean {
    if (!this.#whole) {
      this.#whole = makeFloats(this.#mesh.axis("fsdp").size * this.#layout.shardSize, this.#dtype);
      for (const { path: each, offset } of this.#layout.parameters)
        placeStorage(this.#places.get(each) as Tensor, this.#whole, offset);
    }
    copyStorage(gradient, this.#places.get(path) as Tensor);
    gradient.dispose();
    this.#missing.delete(path);
    this.#seen.add(path);
    return this.#missing.size === 0;
  }

  /** Whether some gradients came since the last reduction. */
  get isBegun(): boolean {
    return this.#whole !== undefined;
  }

  /** Starts to reduce what came; parameters without a gradient count as zero. */
  startReduction(): void {
    const whole = this.#whole as Tensor;
    for (const path of this.#missing)
      tidy(() => {
        const place = this.#places.get(path) as Tensor;
        copyStorage(zerosLike(place), place);
      });
    for (const place of this.#places.values()) releaseStorage(place);
    for (const { path } of this.#layout.parameters) this.#missing.add(path);
    this.#whole = undefined;
    const group = this.#mesh.axis("fsdp");
    if (group.size === 1) {
      this.#reductions.push({ whole, part: whole, request: undefined, replicas: undefined });
      return;
    }
    const part = makeFloats(this.#layout.shardSize, this.#dtype);
    const request = group.startReduceScatter(dataPointer(whole), dataPointer(part));
    this.#reductions.push({ whole, part, request, replicas: undefined });
  }

  /** Waits for the oldest reduction along `fsdp` and starts its sum over replicas, if there are any. */
  startReplicaSum(): void {
    const replicas = this.#mesh.axis("dp");
    const oldest = this.#reductions.find((each) => each.replicas === undefined);
    if (replicas.size === 1 || !oldest) return;
    oldest.request?.waitSync();
    if (oldest.whole !== oldest.part) oldest.whole.dispose();
    oldest.replicas = replicas.startAllReduce(dataPointer(oldest.part));
  }

  /** Waits for the oldest reduction, and adds to what earlier micro-steps gave. */
  settle(): void {
    if (!this.#reductions[0]?.replicas) this.startReplicaSum();
    const { whole, part, request, replicas } = this.#reductions.shift() as Reduction;
    if (replicas) replicas.waitSync();
    else {
      request?.waitSync();
      if (whole !== part) whole.dispose();
    }
    const before = this.#sum ?? (this.#dtype === "float32" ? undefined : makeFloats(this.#layout.shardSize, "float32"));
    this.#sum = before ? keep(add(before, part)) : part;
    if (!before) return;
    before.dispose();
    part.dispose();
  }

  /** Means over the ranks, by path, of this rank's parts; the tensors are the caller's. */
  take(): Map<string, Tensor> {
    const sum = this.#sum;
    this.#sum = undefined;
    const seen = new Set(this.#seen);
    this.#seen.clear();
    if (!sum) return new Map();
    const { parameters, shardSize } = this.#layout;
    const lengths = parameters.map(({ length }) => length);
    const padding = shardSize - lengths.reduce((total, length) => total + length, 0);
    const parts = tidy(() =>
      split(mul(sum, 1 / this.#mesh.data.size), [...lengths, padding]).map((part) => keep(part)),
    );
    sum.dispose();
    parts.pop()?.dispose();
    const means = new Map<string, Tensor>();
    for (const [at, { path }] of parameters.entries()) {
      const part = parts[at] as Tensor;
      if (seen.has(path)) means.set(path, part);
      else part.dispose();
    }
    return means;
  }

  /** Frees what came since the last `take`. */
  discard(): void {
    for (const { whole, part, request, replicas } of this.#reductions) {
      (replicas ?? request)?.waitSync();
      if (!whole.isDisposed) whole.dispose();
      if (part !== whole) part.dispose();
    }
    this.#reductions = [];
    this.#whole?.dispose();
    this.#whole = undefined;
    for (const place of this.#places.values()) releaseStorage(place);
    for (const { path } of this.#layout.parameters) this.#missing.add(path);
    this.#seen.clear();
    this.#sum?.dispose();
    this.#sum = undefined;
  }

  dispose(): void {
    this.discard();
    for (const place of this.#places.values()) place.dispose();
  }
}
