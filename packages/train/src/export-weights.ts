import { rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "@graticule/core";
import { bytesPerValue } from "@graticule/nn";
import { fileOfProcess } from "./checkpoint-state.js";
import type { CheckpointTensors } from "./checkpoint-tensors.js";
import { openCheckpointWeights } from "./checkpoint-weights.js";
import { type FileDigest, writeDurably } from "./durable-file.js";
import type { Checkpoint } from "./load-checkpoint.js";
import { type SafetensorsWriteEntry, writeSafetensors } from "./safetensors-file.js";

/** Values of a tensor that are in memory at once: 16 MiB. */
const SLICE_VALUES = 4 * 2 ** 20;

export interface ExportOptions {
  /** Most bytes of tensors in a file, but for a tensor that is larger by itself; all in one file unless given. */
  readonly shardBytes?: number;
}

/** A file that was written. */
export interface ExportedFile extends FileDigest {
  readonly path: string;
}

/**
 * Writes the weights of a checkpoint as whole tensors, as `writeWeights` does. Tensors are streamed, so that memory does not
 * grow with the model.
 *
 * @throws {ConfigError} as `writeWeights`. @throws {FormatError} if parts of a tensor are missing.
 */
export async function exportWeights(
  checkpoint: Checkpoint,
  out: string,
  options: ExportOptions = {},
): Promise<ExportedFile[]> {
  const tensors = await openCheckpointWeights(checkpoint);
  try {
    const entries = Array.from(tensors.tensors.keys(), (name) => streamedEntry(name, tensors));
    return await writeWeights(out, entries, options);
  } finally {
    await tensors.close();
  }
}

/**
 * Writes tensors into one safetensors file, or with `shardBytes` into several and their `.index.json` as `transformers`
 * reads them. A file gets its name when it is complete, the index last.
 *
 * @throws {ConfigError} if `out` does not end in `.safetensors`, or `shardBytes` is not positive.
 */
export async function writeWeights(
  out: string,
  entries: readonly SafetensorsWriteEntry[],
  { shardBytes = Number.POSITIVE_INFINITY }: ExportOptions = {},
): Promise<ExportedFile[]> {
  if (!out.endsWith(".safetensors"))
    throw new ConfigError(`export: expected a file that ends in .safetensors, got '${out}'.`);
  if (!(shardBytes > 0)) throw new ConfigError(`export: expected files of more than 0 bytes, got ${shardBytes}.`);
  const isWhole = shardBytes === Number.POSITIVE_INFINITY;
  const shards = shareEntries(entries, shardBytes);
  const paths = shards.map((_, index) =>
    isWhole ? out : join(dirname(out), fileOfProcess(basename(out), index, shards.length)),
  );
  const written: ExportedFile[] = [];
  for (const [index, own] of shards.entries()) {
    const path = paths[index] as string;
    written.push(await published(path, (partial) => writeSafetensors(partial, own, { format: "pt" })));
  }
  if (isWhole) return written;
  const index = new TextEncoder().encode(indexText(shards, paths));
  return [...written, await published(`${out}.index.json`, (partial) => writeDurably(partial, [index]))];
}

/** A tensor of a checkpoint, read and handed on a slice at a time. */
function streamedEntry(name: string, tensors: CheckpointTensors): SafetensorsWriteEntry {
  const shape = tensors.tensors.get(name)?.shape ?? [];
  const total = sizeOf(shape);
  return {
    name,
    dtype: "F32",
    shape,
    async *write() {
      for (let start = 0; start < total; start += SLICE_VALUES) {
        const length = Math.min(SLICE_VALUES, total - start);
        yield new Uint8Array((await tensors.readPart(name, { shape, start, length })).buffer as ArrayBuffer);
      }
    },
  };
}

/** Tensors in their order, cut where a file would grow beyond its bound. */
function shareEntries(entries: readonly SafetensorsWriteEntry[], shardBytes: number): SafetensorsWriteEntry[][] {
  const shards: SafetensorsWriteEntry[][] = [[]];
  let bytes = 0;
  for (const entry of entries) {
    const own = bytesOf(entry);
    if (bytes > 0 && bytes + own > shardBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(entry);
    bytes += own;
  }
  return shards;
}

/** Source: the `model.safetensors.index.json` of Hugging Face's `transformers`. */
function indexText(shards: readonly SafetensorsWriteEntry[][], paths: readonly string[]): string {
  const places = shards.flatMap((own, index) => own.map(({ name }) => [name, basename(paths[index] as string)]));
  const total = shards.flat().reduce((sum, entry) => sum + bytesOf(entry), 0);
  return `${JSON.stringify({ metadata: { total_size: total }, weight_map: Object.fromEntries(places) }, undefined, 2)}\n`;
}

async function published(path: string, write: (partial: string) => Promise<FileDigest>): Promise<ExportedFile> {
  const digest = await write(`${path}.partial`);
  await rename(`${path}.partial`, path);
  return { path, ...digest };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

const bytesOf = ({ dtype, shape }: SafetensorsWriteEntry): number => bytesPerValue[dtype] * sizeOf(shape);
