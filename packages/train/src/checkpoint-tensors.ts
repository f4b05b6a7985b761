import { join } from "node:path";
import { FormatError, MismatchError } from "@graticule/core";
import type { SafetensorsEntry, StateReader } from "@graticule/nn";
import { readSafetensorsHeader } from "@graticule/nn";
import { type FileSource, openFileSource } from "./file-source.js";
import { isWhole, sharedRuns, type TensorPart, wholePart } from "./tensor-part.js";

/** Key of a file's metadata under which it says which parts its tensors are; those not named there are whole. */
const PARTS_KEY = "graticule.parts";

/** The tensors of a checkpoint, wherever their parts are stored; what `Module.loadStateDict` takes. */
export interface CheckpointTensors extends StateReader {
  /** Reads the values of a part, and little more, from the parts that are stored. */
  readPart(name: string, part: TensorPart): Promise<Float32Array>;
  /** Values of a tensor that the files hold; fewer than its size if parts are missing, more if some are there twice. */
  countStored(name: string): number;
  close(): Promise<void>;
}

interface StoredPart {
  readonly source: FileSource;
  readonly entry: SafetensorsEntry;
  readonly part: TensorPart;
}

/** Metadata of a file of parts. */
export function partsMetadata(parts: ReadonlyMap<string, TensorPart>): Record<string, string> {
  const named = [...parts].filter(([, part]) => !isWhole(part));
  return { format: "pt", ...(named.length > 0 && { [PARTS_KEY]: JSON.stringify(Object.fromEntries(named)) }) };
}

/**
 * Opens the files of a checkpoint that hold the same kind of tensors: one file of whole ones, or one of each process.
 *
 * @throws {FormatError} if a header is not well formed, or parts of one tensor disagree about its shape.
 */
export async function openCheckpointTensors(folder: string, files: readonly string[]): Promise<CheckpointTensors> {
  const sources: FileSource[] = [];
  const stored = new Map<string, StoredPart[]>();
  const close = async (): Promise<void> => {
    for (const source of sources) await source.close();
  };
  try {
    for (const file of files) {
      const source = await openFileSource(join(folder, file));
      sources.push(source);
      const { metadata, tensors } = await readSafetensorsHeader(source);
      const named = JSON.parse(metadata[PARTS_KEY] ?? "{}") as Record<string, TensorPart>;
      for (const [name, entry] of tensors) {
        const part = named[name] ?? wholePart(entry.shape);
        const [first] = stored.get(name) ?? [];
        if (entry.dtype !== "F32" || (first && `${first.part.shape}` !== `${part.shape}`))
          throw new FormatError(
            `${source.path}, tensor '${name}'`,
            `F32 of a whole [${first?.part.shape ?? part.shape}]`,
            `${entry.dtype} of [${part.shape}]`,
            "Use another checkpoint.",
          );
        stored.set(name, [...(stored.get(name) ?? []), { source, entry, part }]);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  const tensors = new Map(Array.from(stored, ([name, [first]]) => [name, { shape: (first as StoredPart).part.shape }]));

  async function readPart(name: string, wanted: TensorPart): Promise<Float32Array> {
    const parts = stored.get(name);
    if (!parts) throw new MismatchError(folder, `one of its ${stored.size} tensors`, `'${name}'`);
    const values = new Float32Array(wanted.length);
    let found = 0;
    for (const { source, entry, part } of parts) {
      const runs = [...sharedRuns(wanted, part)];
      const first = runs[0]?.inB;
      if (first === undefined) continue;
      const last = runs.at(-1) as (typeof runs)[number];
      const bytes = await source.read(entry.offset + 4 * first, 4 * (last.inB + last.length - first));
      const span = new Float32Array(bytes.slice().buffer);
      for (const { inA, inB, length } of runs) {
        values.set(span.subarray(inB - first, inB - first + length), inA);
        found += length;
      }
    }
    if (found === wanted.length) return values;
    throw new FormatError(
      `${folder}, tensor '${name}'`,
      `${wanted.length} values of [${wanted.shape}]`,
      `${found} in its ${files.length} files`,
      "Use another checkpoint.",
    );
  }

  return {
    tensors,
    readPart,
    countStored: (name) => (stored.get(name) ?? []).reduce((count, { part }) => count + part.length, 0),
    read: (name) => readPart(name, wholePart(tensors.get(name)?.shape ?? [])),
    close,
  };
}
