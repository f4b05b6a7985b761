import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "@graticule/core";
import type { Dataset, DatasetSpec, JsonValue, Sample, SampleArray } from "@graticule/data";
import { parse } from "csv-parse/sync";
import { type BandSelection, selectBands } from "../band-selection.js";
import { openImageFile } from "../image-file.js";
import { type SplitOptions, splitEntries } from "../split-entries.js";

export interface ImageTableOptions extends SplitOptions {
  /**
   * CSV with a header, or JSON, a list of objects: a line for each image. Column `file` names it, `split` (train, val, test) by
   * choice its split, `labels` its classes: a list, in CSV separated by `;`. Each other column of numbers is a target.
   */
  readonly table: string;
  /** Folder that the files' names start from; that of the table if absent. */
  readonly root?: string;
  /** Bands to read, by zero-based index or name; all if absent. */
  readonly bands?: BandSelection;
}

interface Row {
  readonly file: string;
  readonly split: string | undefined;
  readonly labels: readonly string[] | undefined;
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * Opens images with what a table says of each. A sample's array `labels` has 1 for each class that the image has; each column
 * of numbers is an array of its name, NaN for an empty cell.
 *
 * Shape: pixels `[C, H, W]`; `labels` `[K]`; columns `[1]`.
 *
 * @throws {ConfigError} if the table has no image of the split. @throws {FormatError} if it or the first image is no such file.
 */
export async function openImageTable(options: ImageTableOptions): Promise<Dataset> {
  const { table, root = join(table, ".."), bands } = options;
  const all = await readTable(table);
  const rows = splitEntries(`openImageTable '${table}'`, all, options);
  const classNames = [...new Set(all.flatMap(({ labels = [] }) => labels))].sort((a, b) => (a < b ? -1 : 1));
  const firstPath = join(root, all[0]?.file as string);
  const first = await openImageFile(firstPath);
  const selected = selectBands(firstPath, first.bandNames, bands);
  const schema = selected.map((band) => ({ name: first.bandNames[band] as string }));

  async function read(index: number): Promise<Sample> {
    const row = rows[index];
    if (row === undefined) throw new RangeError(`read: expected an index from 0 to ${rows.length - 1}, got ${index}.`);
    const path = join(root, row.file);
    const image = await openImageFile(path);
    if (image.bandNames.length !== first.bandNames.length)
      throw new FormatError(path, `${first.bandNames.length} bands as the first image`, `${image.bandNames.length}`);
    const arrays: Record<string, SampleArray> = {};
    for (const [name, value] of Object.entries(row.numbers))
      arrays[name] = { data: Float32Array.of(value), shape: [1] };
    if (classNames.length > 0) {
      const own = new Set(row.labels);
      const data = Float32Array.from(classNames, (name) => (own.has(name) ? 1 : 0));
      arrays.labels = { data, shape: [classNames.length] };
    }
    const pixels = await image.read(selected);
    return { pixels, shape: [selected.length, image.height, image.width], id: row.file, arrays };
  }

  return { length: rows.length, schema, ...(classNames.length > 0 && { classNames }), read };
}

/** How worker threads open the same table. */
export function imageTableSpec(options: ImageTableOptions): DatasetSpec {
  return { module: import.meta.url, export: "openImageTable", options: options as unknown as JsonValue };
}

async function readTable(path: string): Promise<readonly Row[]> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new ConfigError(`openImageTable: expected a table, got none at '${path}'. Check the path.`, { cause });
  });
  const records = parseTable(path, text);
  const isFilled = (cell: unknown): boolean => cell !== undefined && cell !== null && String(cell).trim() !== "";
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const ofNumbers = columns.filter(
    (name) =>
      !["file", "split", "labels"].includes(name) &&
      records.some((record) => isFilled(record[name])) &&
      records.every((record) => !isFilled(record[name]) || Number.isFinite(Number(record[name]))),
  );
  const rows = records.map((record, index): Row => {
    const { file, split, labels } = record;
    if (typeof file !== "string" || file === "")
      throw new FormatError(path, "a column 'file'", `none in line ${index + 1}`, "Name the images there.");
    const list = Array.isArray(labels) ? labels : isFilled(labels) ? String(labels).split(";") : [];
    return {
      file,
      split: isFilled(split) ? String(split) : undefined,
      labels: columns.includes("labels") ? list.map((name) => String(name).trim()) : undefined,
      numbers: Object.fromEntries(
        ofNumbers.map((name) => [name, isFilled(record[name]) ? Number(record[name]) : Number.NaN]),
      ),
    };
  });
  if (rows.length === 0) throw new FormatError(path, "a line for each image", "an empty table");
  return rows;
}

function parseTable(path: string, text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    if (!path.endsWith(".json")) return parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true });
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((each) => each !== null && typeof each === "object")) return value;
  } catch (cause) {
    throw new FormatError(path, "a table in CSV with a header, or JSON", (cause as Error).message, undefined, {
      cause,
    });
  }
  throw new FormatError(path, "a list of objects", text.slice(0, 40));
}
