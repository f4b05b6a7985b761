import { copyBox, rowMajorStrides } from "@graticule/data/arrays";
import type { GriddedArray, GriddedDataset, GriddedVariable, Selection } from "../gridded-dataset.js";
import { assertRoom, resolveSelection } from "./resolve-selection.js";

/** A run of indices of the source: `count` from `start`, `step` apart; a negative step walks back. */
export interface IndexRun {
  readonly start: number;
  readonly count: number;
  readonly step: number;
  /** Added to the coordinate's values: 360 or −360 where a longitude is counted around the other way. */
  readonly shift?: number;
}

/** How one dimension of a view takes its elements from the source: runs, one after another, or one index alone. */
export type DimensionView = readonly IndexRun[] | number;

/** A dataset that shows parts of another, in another order; values are read when they are asked for. */
export function viewDataset(dataset: GriddedDataset, views: Readonly<Record<string, DimensionView>>): GriddedDataset {
  const sizeOf = (dim: string, size: number): number => {
    const view = views[dim];
    if (view === undefined) return size;
    return typeof view === "number" ? 1 : view.reduce((sum, { count }) => sum + count, 0);
  };
  const dimensions = Object.entries(dataset.dimensions).filter(([dim]) => typeof views[dim] !== "number");
  return {
    uri: dataset.uri,
    attributes: dataset.attributes,
    dimensions: Object.fromEntries(dimensions.map(([dim, size]) => [dim, sizeOf(dim, size)])),
    variables: new Map(
      [...dataset.variables].map(([name, variable]) => [name, viewVariable(variable, views, sizeOf)] as const),
    ),
    close: () => dataset.close(),
  };
}

function viewVariable(
  variable: GriddedVariable,
  views: Readonly<Record<string, DimensionView>>,
  sizeOf: (dim: string, size: number) => number,
): GriddedVariable {
  if (!variable.dims.some((dim) => views[dim] !== undefined)) return variable;
  const kept = variable.dims.flatMap((dim, at) =>
    typeof views[dim] === "number" ? [] : [{ dim, size: sizeOf(dim, variable.shape[at] as number) }],
  );
  const view = { name: variable.name, dims: kept.map(({ dim }) => dim), shape: kept.map(({ size }) => size) };
  return {
    ...view,
    attributes: variable.attributes,
    async read(selection = {}, into) {
      const resolved = resolveSelection(view, selection);
      assertRoom(view.name, resolved.region, into);
      const { start, count, step } = resolved.region;
      const pieces = view.dims.map((dim, at) => {
        const [first, length, by] = [start[at] as number, count[at] as number, step[at] as number];
        const own = views[dim];
        const runs =
          own === undefined ? [{ start: 0, count: view.shape[at] as number, step: 1 }] : (own as readonly IndexRun[]);
        return cutRuns(runs, first, length, by);
      });
      const fixed = variable.dims.flatMap((dim) =>
        typeof views[dim] === "number" ? [[dim, views[dim]] as const] : [],
      );
      const data = await readPieces(variable, view.dims, count, pieces, Object.fromEntries(fixed), into);
      return { dims: resolved.dims, shape: resolved.shape, data };
    },
  };
}

/** Part of a read along one dimension: a run of the source, and where it goes. */
interface Piece extends IndexRun {
  readonly at: number;
}

/** The parts of runs that a range of the view takes. */
function cutRuns(runs: readonly IndexRun[], first: number, length: number, by: number): Piece[] {
  const pieces: Piece[] = [];
  let before = 0;
  for (const run of runs) {
    const skipped = Math.max(0, Math.ceil((before - first) / by));
    const index = first + skipped * by - before;
    const count = Math.min(length - skipped, Math.ceil((run.count - index) / by));
    if (index >= 0 && count > 0)
      pieces.push({ ...run, start: run.start + index * run.step, count, step: run.step * by, at: skipped });
    before += run.count;
  }
  return pieces;
}

async function readPieces(
  variable: GriddedVariable,
  dims: readonly string[],
  counts: readonly number[],
  pieces: readonly (readonly Piece[])[],
  fixed: Selection,
  into: Float32Array | undefined,
): Promise<GriddedArray["data"]> {
  let target: GriddedArray["data"] | undefined;
  const strides = rowMajorStrides(counts);
  const total = pieces.reduce((product, list) => product * list.length, 1);
  const size = counts.reduce((product, count) => product * count, 1);
  for (let number = 0; number < total; number++) {
    let rest = number;
    const parts: Piece[] = [];
    for (let dim = dims.length - 1; dim >= 0; dim--) {
      const list = pieces[dim] as readonly Piece[];
      parts.unshift(list[rest % list.length] as Piece);
      rest = Math.floor(rest / list.length);
    }
    const selection = parts.map(({ start, count, step }, dim) => {
      const last = start + (count - 1) * step;
      const slice = { start: Math.min(start, last), stop: Math.max(start, last) + 1, step: Math.abs(step) };
      return [dims[dim] as string, slice] as const;
    });
    const isAll = total === 1 && parts.every(({ step }) => step > 0);
    const { data } = await variable.read({ ...fixed, ...Object.fromEntries(selection) }, isAll ? into : undefined);
    if (variable.dims.length === 1 && variable.name === variable.dims[0]) shift(data, parts[0]?.shift ?? 0);
    if (isAll) return data;
    target ??= data instanceof Float32Array ? (into ?? new Float32Array(size)) : new Float64Array(size);
    const partCounts = parts.map(({ count }) => count);
    const own = rowMajorStrides(partCounts);
    // What is walked back is copied from its end.
    const offset = parts.reduce(
      (sum, { step, count }, dim) => sum + (step < 0 ? (count - 1) * (own[dim] as number) : 0),
      0,
    );
    copyBox(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      { offset, strides: parts.map(({ step }, dim) => (step < 0 ? -1 : 1) * (own[dim] as number)) },
      new Uint8Array(target.buffer, target.byteOffset, target.byteLength),
      { offset: parts.reduce((sum, { at }, dim) => sum + at * (strides[dim] as number), 0), strides },
      partCounts,
      data.BYTES_PER_ELEMENT,
    );
  }
  return target ?? (await variable.read({ ...fixed, ...emptySelection(dims) })).data;
}

/** Selects nothing, to learn the type of values. */
function emptySelection(dims: readonly string[]): Selection {
  return Object.fromEntries(dims.map((dim) => [dim, { start: 0, stop: 0 }]));
}

function shift(data: GriddedArray["data"], by: number): void {
  if (by !== 0) for (let index = 0; index < data.length; index++) data[index] = (data[index] as number) + by;
}
