import { copyBox, product, rowMajorStrides } from "@graticule/data/arrays";
import type { GriddedArray, GriddedVariable, Slice } from "../gridded-dataset.js";
import { assertValueCount, resolveSelection } from "../select/resolve-selection.js";
import type { DatasetPool } from "./dataset-pool.js";

/** A file of a series, and its part of the joined dimension. */
export interface SeriesFile {
  readonly uri: string;
  readonly start: number;
  readonly count: number;
}

const CONCURRENT_FILES = 4;

/** A variable over all files; one without the joined dimension is read from the first. */
export function makeSeriesVariable(
  variable: Omit<GriddedVariable, "read">,
  dim: string,
  files: readonly SeriesFile[],
  pool: DatasetPool,
  maxValues: number,
): GriddedVariable {
  const { name, dims } = variable;
  const total = files.reduce((sum, { count }) => sum + count, 0);
  const joined = dims.indexOf(dim);
  const shape = variable.shape.map((size, at) => (at === joined ? total : size));
  const readFrom = (
    file: SeriesFile,
    selection: Readonly<Record<string, Slice>>,
    into?: Float32Array,
  ): Promise<GriddedArray> =>
    pool.use(file.uri, (dataset) => (dataset.variables.get(name) as GriddedVariable).read(selection, into));

  return {
    ...variable,
    shape,
    async read(selection = {}, into) {
      if (joined < 0) return readFrom(files[0] as SeriesFile, selection, into);
      const resolved = resolveSelection({ name, dims, shape }, selection);
      assertValueCount((files[0] as SeriesFile).uri, name, resolved.region, maxValues);
      const [start, count, step] = (["start", "count", "step"] as const).map(
        (field) => resolved.region[field][joined] as number,
      ) as [number, number, number];
      const parts = cutByFiles(files, start, count, step);
      const first = parts[0];
      if (first === undefined || (parts.length === 1 && typeof selection[dim] !== "number")) {
        const { file, slice } = first ?? { file: files[0] as SeriesFile, slice: { start: 0, stop: 0 } };
        return readFrom(file, { ...selection, [dim]: slice }, into);
      }
      if (typeof selection[dim] === "number")
        return readFrom(first.file, { ...selection, [dim]: first.slice.start }, into);

      const axis = resolved.dims.indexOf(dim);
      const size = product(resolved.shape);
      const strides = rowMajorStrides(resolved.shape);
      let target: GriddedArray["data"] = new Float32Array(0);
      const readPart = async ({ file, slice, at }: Part): Promise<void> => {
        const piece = await readFrom(file, { ...selection, [dim]: slice });
        if (target.length === 0)
          target = piece.data instanceof Float64Array ? new Float64Array(size) : new Float32Array(size);
        // Files may pack a variable differently: the wider type holds both.
        if (piece.data instanceof Float64Array && target instanceof Float32Array) target = Float64Array.from(target);
        const data =
          target.BYTES_PER_ELEMENT === piece.data.BYTES_PER_ELEMENT ? piece.data : Float64Array.from(piece.data);
        copyBox(
          new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
          { offset: 0, strides: rowMajorStrides(piece.shape) },
          new Uint8Array(target.buffer),
          { offset: at * (strides[axis] as number), strides },
          piece.shape,
          data.BYTES_PER_ELEMENT,
        );
      };
      let next = 0;
      await Promise.all(
        Array.from({ length: Math.min(CONCURRENT_FILES, parts.length) }, async () => {
          while (next < parts.length) await readPart(parts[next++] as Part);
        }),
      );
      return { dims: resolved.dims, shape: resolved.shape, data: target };
    },
  };
}

/** Part of a range that one file holds, and its place in the result. */
interface Part {
  readonly file: SeriesFile;
  readonly slice: { readonly start: number; readonly stop: number; readonly step: number };
  readonly at: number;
}

function cutByFiles(files: readonly SeriesFile[], start: number, count: number, step: number): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const file of files) {
    const index = start + at * step - file.start;
    if (at >= count || index >= file.count) continue;
    const taken = Math.min(count - at, Math.ceil((file.count - index) / step));
    parts.push({ file, slice: { start: index, stop: index + (taken - 1) * step + 1, step }, at });
    at += taken;
  }
  return parts;
}
