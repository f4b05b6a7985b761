import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "@graticule/core";
import type { ChannelSchema } from "./channel-schema.js";
import { selectChannels } from "./select-channels.js";

/** A named array that a sample carries beside its pixels: targets, features, masks. Layout: row-major over `shape`. */
export interface SampleArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  /**
   * Lies on the sample's pixels, `[T, H, W]`, as a map of labels: what crops, resizes or flips them does it too, and takes
   * the nearest pixel. False unless given.
   */
  readonly onPixels?: boolean;
}

/**
 * One image with its label, in the data's own units; a pixel without data is NaN.
 *
 * Layout: `pixels` is `[C, H, W]`, row-major from the first row.
 */
export interface Sample {
  readonly pixels: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly label?: number;
  /** Names the sample in messages, e.g. its path below the dataset's root. */
  readonly id: string;
  /** Every sample of a dataset has the same names and shapes, behind the transforms. These leave arrays as they are, but for those that lie `onPixels`. */
  readonly arrays?: Readonly<Record<string, SampleArray>>;
}

/** A sample whose pixels are bytes as its file holds them. Layout: `bytes` is `[H, W, C]`, row-major; `shape` is `[C, H, W]`. */
export interface ByteSample extends Omit<Sample, "pixels"> {
  readonly bytes: Uint8Array;
}

/** Where a draw stands in training: with a sample's index it keys what a dataset draws at random (`makeRandom`). */
export interface Draw {
  readonly seed: number;
  readonly epoch: number;
}

/** Reads without a copy, for datasets whose samples all have pixels of one shape. */
export interface DirectReads {
  readonly shape: Sample["shape"];
  /** Fills all of `pixels`, a slice of the batch that holds whatever it held before, and gives the rest of the sample. */
  readInto(index: number, pixels: Float32Array, draw?: Draw): Promise<Omit<Sample, "pixels" | "shape">>;
}

/** A list of samples that can be read in any order. A sample that can't be read rejects with a `FormatError`. */
export interface Dataset {
  readonly length: number;
  readonly schema: ChannelSchema;
  readonly classNames?: readonly string[];
  /** Each sample's class, where it is known without reading the sample; −1 for none. */
  readonly labels?: readonly number[];
  /** `draw` matters to datasets with random parts alone; without it they read as for seed 0 and epoch 0. */
  read(index: number, draw?: Draw): Promise<Sample>;
  /** How batches without transforms are read. */
  readonly direct?: DirectReads;
  /** How batches with transforms are read: the sample of `read`, as bytes where the file holds them, which is faster. */
  readStored?(index: number, draw?: Draw): Promise<Sample | ByteSample>;
  /**
   * The same samples with some of the channels, by place and rising, which reads less than picking them from the whole would.
   * What is open is shared, and closed by either.
   */
  selectChannels?(places: readonly number[]): Dataset;
  /** Lets go of open files. The loader calls it when it is closed, in each thread that opened the dataset. */
  close?(): Promise<void>;
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** How to open a dataset, as plain data, so that worker threads open the same one. */
export interface DatasetSpec {
  /** File URL of a module, or a bare package specifier, resolved from the main script and then the working directory. */
  readonly module: string;
  /** Name of its exported `async (options) => Dataset`. */
  readonly export: string;
  readonly options: JsonValue;
  /** Channels that samples have, by their places in the schema and rising, as one of several processes needs; all if absent. */
  readonly channels?: readonly number[];
}

/**
 * Opens the dataset that a spec describes.
 *
 * @throws {ConfigError} if the module or its export does not exist, or channels are no rising places in its schema.
 */
export async function openDataset(spec: DatasetSpec): Promise<Dataset> {
  const url = resolveModule(spec.module);
  const exports = (await import(/* @vite-ignore */ url)) as Record<string, unknown>;
  const open = exports[spec.export];
  if (typeof open !== "function")
    throw new ConfigError(
      `openDataset: expected '${spec.module}' to export a function '${spec.export}', got ${typeof open}. It exports ${Object.keys(exports).slice(0, 8).join(", ")}.`,
    );
  const dataset = (await open(spec.options)) as Dataset;
  return spec.channels ? selectChannels(dataset, spec.channels) : dataset;
}

/** The URL to import for a spec's module, found once so that every thread imports the same file. */
export function resolveModule(module: string): string {
  if (module.startsWith("file:")) return module;
  const from = [process.argv[1], join(process.cwd(), "package.json")].filter((path) => path !== undefined);
  for (const path of from)
    try {
      return pathToFileURL(createRequire(pathToFileURL(path)).resolve(module)).href;
    } catch {
      // Not below this folder: the next one may have it.
    }
  throw new ConfigError(
    `openDataset: expected an installed package, got '${module}', which resolves from none of ${from.join(", ")}. Install it, or give the module's file URL.`,
  );
}
