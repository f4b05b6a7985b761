import { FormatError } from "@graticule/core";
import { bytesPerValue, type SafetensorsDtype } from "../safetensors/dtype.js";
import type { KnownGlobal, PickleVocabulary } from "./pickle-reader.js";
import { NamespaceMap } from "./pickle-stack.js";

/** A run of values in a file of the archive. */
export class TorchStorage {
  readonly dtype: SafetensorsDtype;
  /** Name of the file, below `data/`. */
  readonly key: string;
  /** Number of values. */
  readonly length: number;

  constructor(dtype: SafetensorsDtype, key: string, length: number) {
    this.dtype = dtype;
    this.key = key;
    this.length = length;
  }
}

/** Where a tensor's values lie in a storage; `offset` and `strides` count values. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** Source: torch/storage.py, `_new_dtypes` and the typed storages before them. */
const storageDtypes: Readonly<Record<string, SafetensorsDtype>> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/**
 * The names that a state dict needs: tensors, parameters, their storages, sizes, ordered dictionaries, and the options of
 * a command line, which training scripts store beside them.
 *
 * Source: torch/_utils.py (`_rebuild_tensor_v2`, `_rebuild_parameter`), torch/serialization.py (persistent ids).
 */
export function torchVocabulary(path: string): PickleVocabulary {
  const storages = new Map<unknown, SafetensorsDtype>();
  const globals = new Map<string, KnownGlobal>([
    ["collections.OrderedDict", { call: makeOrderedDict }],
    ["argparse.Namespace", { call: (args) => (args.length === 0 ? new NamespaceMap() : undefined) }],
    ["torch.Size", { call: ([sizes]) => (Array.isArray(sizes) ? sizes : undefined) }],
    ["torch._utils._rebuild_tensor_v2", { call: (args) => makeTensor(path, args) }],
    ["torch._utils._rebuild_parameter", { call: ([tensor]) => (tensor instanceof TorchTensor ? tensor : undefined) }],
  ]);
  for (const [name, dtype] of Object.entries(storageDtypes)) {
    const global = {};
    globals.set(`torch.${name}`, global);
    storages.set(global, dtype);
  }
  return {
    globals,
    persistent(id) {
      const [kind, type, key, , length] = Array.isArray(id) ? id : [];
      const dtype = storages.get(type);
      if (kind !== "storage" || !dtype || typeof key !== "string" || !isCount(length))
        throw new FormatError(
          path,
          "a reference to a storage",
          "another one",
          "The file is damaged, or no state dict.",
        );
      return new TorchStorage(dtype, key, length);
    },
  };
}

function makeOrderedDict([pairs = []]: readonly unknown[]): unknown {
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) return undefined;
  return new Map(pairs as [unknown, unknown][]);
}

/**
 * A tensor, or undefined for what are not its arguments.
 *
 * @throws {FormatError} if it lies beyond its storage, or repeats values of it.
 */
function makeTensor(path: string, [storage, offset, shape, strides]: readonly unknown[]): TorchTensor | undefined {
  if (!(storage instanceof TorchStorage && isCount(offset) && isCounts(shape) && isCounts(strides))) return undefined;
  if (shape.length !== strides.length) return undefined;
  const size = shape.reduce((product, length) => product * length, 1);
  const last = shape.reduce((at, length, dim) => at + (length - 1) * (strides[dim] as number), offset);
  if (size === 0 || (size <= storage.length && last < storage.length))
    return new TorchTensor(storage, offset, shape, strides);
  throw new FormatError(
    path,
    `a tensor within the ${storage.length} values of data/${storage.key.slice(0, 40)}`,
    `[${shape}] with strides [${strides}] from value ${offset}`.slice(0, 200),
    "Save a copy of an expanded view (tensor.clone()); else the file is damaged.",
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

/** Bytes of a storage in its file. */
export function storageBytes({ dtype, length }: TorchStorage): number {
  return bytesPerValue[dtype] * length;
}
