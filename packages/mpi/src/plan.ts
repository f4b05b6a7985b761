import { isPartAt, type Memory, type MpiBuffer, memoryOf, overlap } from "./buffer.js";
import type { RaggedOptions, Reduction, ReductionOptions } from "./communicator.js";
import { elementTypes } from "./element-type.js";

/** Operations by the codes of src-native/operation.h. */
export const kinds = {
  barrier: 0,
  broadcast: 1,
  "all-reduce": 2,
  "reduce-scatter": 3,
  "all-gather": 4,
  "all-to-all": 5,
  send: 6,
  receive: 7,
} as const;

export type Kind = keyof typeof kinds;

/** In the order of src-native/element_type.h. */
export const reductions: readonly Reduction[] = ["sum", "product", "min", "max"];

/** What MPI guarantees that tags may go up to. */
const LARGEST_TAG = 32_767;

/** One operation on one rank, its arguments checked. */
export interface Plan {
  readonly kind: Kind;
  /** For messages: `mpi all-reduce on "world"`. */
  readonly where: string;
  /** Elements that this rank gives or, for a reduce-scatter, gets; for an all-to-all, those of one pair. */
  readonly count: number;
  readonly elementType: number;
  readonly reduction: number;
  readonly peer: number;
  readonly tag: number;
  /** Null where the operation works in place, or takes or gives nothing. */
  readonly input: Memory | null;
  readonly output: Memory | null;
  readonly counts: Int32Array | null;
  /** The GPU whose memory it works on, such as `cuda:0`; null for memory of the host. */
  readonly device: string | null;
}

interface Group {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
}

function makePlan(group: Group, kind: Kind, parts: Partial<Plan> = {}): Plan {
  const where = whereOf(group, kind);
  const none = { count: 0, elementType: 0, reduction: 0, peer: -1, tag: 0, input: null, output: null, counts: null };
  const device = (parts.input ?? parts.output)?.device ?? null;
  return { ...none, ...parts, device, kind, where };
}

function whereOf({ name }: Group, kind: string): string {
  return `mpi ${kind} on "${name}"`;
}

export function planBarrier(group: Group): Plan {
  return makePlan(group, "barrier");
}

export function planBroadcast(group: Group, buffer: MpiBuffer, root: number): Plan {
  const where = whereOf(group, "broadcast");
  const output = memoryOf(where, buffer);
  checkRank(where, "root", root, group);
  return makePlan(group, "broadcast", { output, count: output.length, elementType: output.elementType, peer: root });
}

export function planAllReduce(group: Group, buffer: MpiBuffer, options: ReductionOptions): Plan {
  const where = whereOf(group, "all-reduce");
  const output = memoryOf(where, buffer);
  const { length: count, elementType } = output;
  return makePlan(group, "all-reduce", { output, count, elementType, reduction: reductionCode(where, options) });
}

export function planReduceScatter(
  group: Group,
  from: MpiBuffer,
  to: MpiBuffer,
  options: ReductionOptions & RaggedOptions,
): Plan {
  const where = whereOf(group, "reduce-scatter");
  const [input, output] = bothOf(where, from, to);
  const { total, counts } = countsOf(where, group, output.length, options);
  checkLength(where, "input", input, total);
  checkApart(where, input, output);
  const { length: count, elementType } = output;
  const reduction = reductionCode(where, options);
  return makePlan(group, "reduce-scatter", { input, output, count, elementType, reduction, counts });
}

export function planAllGather(group: Group, from: MpiBuffer, to: MpiBuffer, options: RaggedOptions): Plan {
  const where = whereOf(group, "all-gather");
  const [input, output] = bothOf(where, from, to);
  const { total, counts, before } = countsOf(where, group, input.length, options);
  checkLength(where, "output", output, total);
  const { length: count, elementType } = input;
  const inPlace = isPartAt(input, output, before);
  if (!inPlace) checkApart(where, input, output);
  return makePlan(group, "all-gather", { input: inPlace ? null : input, output, count, elementType, counts });
}

export function planAllToAll(group: Group, from: MpiBuffer, to: MpiBuffer): Plan {
  const where = whereOf(group, "all-to-all");
  const [input, output] = bothOf(where, from, to);
  checkLength(where, "output", output, input.length);
  if (input.length % group.size !== 0)
    throw new RangeError(`${where}: expected a multiple of ${group.size} elements, got ${input.length}.`);
  checkApart(where, input, output);
  const { elementType } = input;
  return makePlan(group, "all-to-all", { input, output, count: input.length / group.size, elementType });
}

export function planMessage(
  group: Group,
  kind: "send" | "receive",
  buffer: MpiBuffer,
  peer: number,
  tag: number,
): Plan {
  const where = whereOf(group, kind);
  const memory = memoryOf(where, buffer);
  checkRank(where, kind === "send" ? "to" : "from", peer, group);
  if (!Number.isInteger(tag) || tag < 0 || tag > LARGEST_TAG)
    throw new RangeError(`${where}: expected a tag from 0 to ${LARGEST_TAG}, got ${tag}.`);
  const { length: count, elementType } = memory;
  const input = kind === "send" ? memory : null;
  return makePlan(group, kind, { input, output: input ? null : memory, count, elementType, peer, tag });
}

function bothOf(where: string, from: MpiBuffer, to: MpiBuffer): [input: Memory, output: Memory] {
  const [input, output] = [memoryOf(where, from), memoryOf(where, to)];
  if (input.elementType !== output.elementType)
    throw new TypeError(`${where}: expected an output of ${typeName(input)}, as the input, got ${typeName(output)}.`);
  if (input.device !== output.device)
    throw new TypeError(
      `${where}: expected input and output on one device, got ${input.device ?? "cpu"} and ${output.device ?? "cpu"}. Copy one of them.`,
    );
  return [input, output];
}

function typeName({ elementType }: Memory): string {
  return (elementTypes[elementType] as { name: string }).name;
}

function reductionCode(where: string, { reduction = "sum" }: ReductionOptions): number {
  const code = reductions.indexOf(reduction);
  if (code < 0) throw new TypeError(`${where}: expected a reduction of ${reductions.join(", ")}, got ${reduction}.`);
  return code;
}

function checkRank(where: string, what: string, rank: number, { size }: Group): void {
  if (!Number.isInteger(rank) || rank < 0 || rank >= size)
    throw new RangeError(`${where}: expected '${what}' to be a rank from 0 to ${size - 1}, got ${rank}.`);
}

function checkLength(where: string, what: string, memory: Memory, length: number): void {
  if (memory.length !== length)
    throw new RangeError(`${where}: expected an ${what} of ${length} elements, got ${memory.length}.`);
}

function checkApart(where: string, input: Memory, output: Memory): void {
  if (overlap(input, output))
    throw new RangeError(`${where}: expected input and output in memory apart, got two that overlap. Copy the input.`);
}

/** All ranks' elements together, and those before this rank's. */
function countsOf(
  where: string,
  { rank, size }: Group,
  own: number,
  { counts }: RaggedOptions,
): { total: number; before: number; counts: Int32Array | null } {
  if (!counts) return { total: own * size, before: own * rank, counts: null };
  const isValid = counts.length === size && counts.every((count) => Number.isInteger(count) && count >= 0);
  if (!isValid)
    throw new RangeError(`${where}: expected counts of ${size} ranks, none negative, got [${counts.join(", ")}].`);
  if (counts[rank] !== own)
    throw new RangeError(`${where}: expected counts[${rank}] to be this rank's ${own} elements, got ${counts[rank]}.`);
  const sum = (list: readonly number[]): number => list.reduce((total, count) => total + count, 0);
  return { total: sum(counts), before: sum(counts.slice(0, rank)), counts: Int32Array.from(counts) };
}
