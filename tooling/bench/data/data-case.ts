import type { DatasetSpec, JsonValue, TransformSpec } from "@graticule/data";

/** A path's files as written, and how each side reads them. */
export interface DataCase {
  readonly dataset: DatasetSpec;
  readonly transforms?: readonly TransformSpec[];
  /** For `normalize`: mean and std of every channel. */
  readonly scale?: readonly [mean: number, std: number];
  readonly batch: number;
  /** Times that an epoch goes over the samples, on either side, where one pass would time V8's warm-up; 1 if absent. */
  readonly repeats?: number;
  /** Decoded size of one sample in its file's own dtype. Units: bytes. */
  readonly sampleBytes: number;
  readonly peer: {
    /** As `ratio` names it. */
    readonly name: string;
    /** `peers/data_NAME.py`, and what its `Samples` is made with. */
    readonly script: string;
    readonly options: { readonly [key: string]: JsonValue };
    /** What its Python must import. */
    readonly modules: readonly string[];
  };
  /** Records that plain `read` is timed on beside the path. */
  readonly records?: { readonly folder: string; readonly recordBytes: number };
  /** Ends what serves the files. */
  readonly close?: () => Promise<void>;
}

/** Writes a path's files below a folder. */
export type WriteCase = (folder: string) => Promise<DataCase>;

/** A dataset of `ours/data-datasets.ts`. */
export function benchDataset(name: string, options: { readonly [key: string]: JsonValue }): DatasetSpec {
  return { module: new URL("../ours/data-datasets.ts", import.meta.url).href, export: name, options };
}
