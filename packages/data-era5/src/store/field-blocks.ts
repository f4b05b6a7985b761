import type { GriddedArray, GriddedDataset, GriddedVariable, Selection } from "../gridded-dataset.js";
import type { FieldSource } from "./field-source.js";
import type { GridDimensions } from "./grid-dimensions.js";

/** Channels that are read together: levels of one variable that lie close to each other. */
export interface FieldGroup {
  readonly dataset: GriddedDataset;
  readonly variable: GriddedVariable;
  readonly dimensions: GridDimensions;
  /** `[first, last]` on the level dimension. */
  readonly levels: readonly [number, number];
  readonly members: readonly { readonly channel: number; readonly field: FieldSource; readonly level: number }[];
}

/** Levels that are read without need are fewer than those that are needed. */
const MOST_READ_PER_NEEDED = 2;

/** Groups channels so that a file's chunks, which often hold several levels, are decoded once. */
export function groupFields(fields: readonly FieldSource[]): FieldGroup[] {
  const byVariable = new Map<GriddedVariable, FieldGroup["members"][number][]>();
  for (const [channel, field] of fields.entries()) {
    const member = { channel, field, level: field.levelIndex ?? 0 };
    const known = byVariable.get(field.variable);
    if (known) known.push(member);
    else byVariable.set(field.variable, [member]);
  }
  const groups: FieldGroup[] = [];
  for (const members of byVariable.values()) {
    const sorted = members.sort((a, b) => a.level - b.level);
    const [first, last] = [sorted[0], sorted.at(-1)] as [(typeof sorted)[0], (typeof sorted)[0]];
    const isDense = last.level - first.level + 1 <= MOST_READ_PER_NEEDED * sorted.length;
    for (const together of isDense ? [sorted] : sorted.map((member) => [member])) {
      const { dataset, variable, dimensions } = first.field;
      const levels = [together[0]?.level as number, together.at(-1)?.level as number] as const;
      groups.push({ dataset, variable, dimensions, levels, members: together });
    }
  }
  return groups;
}

/** Times of a file to read: from `start`, `count` of them, `step` apart. */
export interface TimeSlice {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/**
 * Reads all levels of a group at some times; a variable without time ignores them.
 *
 * Shape: `[T, L, H, W]` of the file's grid, whatever the order of the file's dimensions.
 */
export async function readGroup({ variable, dimensions, levels }: FieldGroup, times: TimeSlice): Promise<Float32Array> {
  const { time, level, latitude, longitude } = dimensions;
  const selection: Record<string, Selection[string]> = {};
  for (const dim of variable.dims) if (dim !== latitude && dim !== longitude) selection[dim] = 0;
  const { start, count, step } = times;
  if (time !== undefined) selection[time] = { start, stop: start + (count - 1) * step + 1, step };
  if (level !== undefined) selection[level] = { start: levels[0], stop: levels[1] + 1 };
  const order = [time, level, latitude, longitude].filter((dim) => dim !== undefined);
  return transpose(await variable.read(selection), order);
}

/** Values with the dimensions in the given order, as float32. */
function transpose({ dims, shape, data }: GriddedArray, order: readonly string[]): Float32Array {
  if (dims.join() === order.join()) return data instanceof Float32Array ? data : Float32Array.from(data);
  const strideOf = new Map<string, number>();
  let stride = 1;
  for (let position = dims.length - 1; position >= 0; position--) {
    strideOf.set(dims[position] as string, stride);
    stride *= shape[position] as number;
  }
  // Padded in front to four dims of length 1.
  const missing = 4 - order.length;
  const strides = [...new Array(missing).fill(0), ...order.map((dim) => strideOf.get(dim) as number)];
  const lengths = [...new Array(missing).fill(1), ...order.map((dim) => shape[dims.indexOf(dim)] as number)];
  const [a, b, c, d] = lengths as [number, number, number, number];
  const [sa, sb, sc, sd] = strides as [number, number, number, number];
  const moved = new Float32Array(data.length);
  let next = 0;
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++) {
        let from = i * sa + j * sb + k * sc;
        for (let l = 0; l < d; l++, from += sd) moved[next++] = data[from] as number;
      }
  return moved;
}
