import { MismatchError } from "@graticule/core";
import { bfloat16ToFloat32, type SafetensorsDtype, type StoredValues, type TensorFile } from "@graticule/nn";
import { compileNamePattern } from "./name-pattern.js";
import { joinedShape, joinValues, partOfValues } from "./tensor-parts.js";
import {
  groupNames,
  type NameGroup,
  patternsOf,
  type Side,
  type WeightFamily,
  type WeightRule,
} from "./weight-rule.js";

/** Tensors under other names, made one at a time when they are read. */
export interface MappedWeights extends TensorFile {
  /** Which of the family's namings it is. */
  readonly variant: number;
  /** Names that no rule knows, or whose parts aren't all there or don't fit; `tensors` has them as they are. */
  readonly unmapped: readonly string[];
}

/**
 * Gives a file's tensors our names and layouts, by the naming of the family that knows most of them. What it doesn't know
 * keeps its name, so that a strict `loadStateDict` lists it.
 */
export function mapWeights(file: TensorFile, { variants }: WeightFamily): MappedWeights {
  const names = [...file.tensors.keys()];
  const leftOver = variants.map((rules) => groupNames(names, rules, "theirs").leftOver.length);
  const variant = leftOver.indexOf(Math.min(...leftOver));
  return { ...translate(file, variants[variant] as readonly WeightRule[], "theirs"), variant };
}

/**
 * Gives tensors of ours the family's names and layouts: the inverse of `mapWeights`, bit for bit.
 *
 * @throws {MismatchError} that lists the tensors that the family has no name for.
 */
export function unmapWeights(weights: TensorFile, { variants }: WeightFamily, variant = 0): TensorFile {
  const { unmapped, ...file } = translate(weights, variants[variant] as readonly WeightRule[], "ours");
  if (unmapped.length > 0)
    throw new MismatchError(
      "unmapWeights",
      "tensors that the family has names for",
      unmapped.join(", "),
      "Export to the family that the model is of.",
    );
  return file;
}

interface Target {
  readonly shape: readonly number[];
  readonly dtype: SafetensorsDtype;
  read(): Promise<Float32Array>;
  readStored?(): StoredValues;
}

function translate(file: TensorFile, rules: readonly WeightRule[], from: Side): Omit<MappedWeights, "variant"> {
  const { groups, leftOver } = groupNames(file.tensors.keys(), rules, from);
  const targets = new Map<string, Target>();
  const unfit: string[] = [];
  for (const group of groups) {
    const made = targetsOf(file, group, from);
    if (!made) unfit.push(...group.sources);
    for (const [name, target] of made ?? []) targets.set(name, target);
  }
  const unmapped = [...leftOver, ...unfit].filter((name) => !targets.has(name));
  const { readStored } = file;
  for (const name of unmapped)
    targets.set(name, {
      ...file.tensors.get(name)!,
      read: () => file.read(name),
      ...(readStored && { readStored: () => readStored(name) }),
    });
  const targetOf = (name: string): Target => {
    const target = targets.get(name);
    if (target) return target;
    throw new MismatchError("mapWeights", `one of ${targets.size} tensors`, `'${name}'`);
  };
  return {
    tensors: targets,
    unmapped,
    read: async (name) => targetOf(name).read(),
    ...(readStored && { readStored: (name: string) => targetOf(name).readStored!() }),
  };
}

/**
 * What a group of tensors is on the other side: as many, the whole that they are parts of, or parts of it; undefined if
 * they don't fit together.
 */
function targetsOf(
  file: TensorFile,
  { rule, captures, sources }: NameGroup,
  from: Side,
): [string, Target][] | undefined {
  const dim = rule.dim ?? 0;
  const entries = sources.map((name) => file.tensors.get(name)!);
  const shapes = entries.map(({ shape }) => (from === "theirs" ? toOurUnits(shape, rule) : shape));
  const whole = shapes.length === 1 ? (shapes[0] as readonly number[]) : joinedShape(shapes, dim);
  const patterns = patternsOf(rule, from === "theirs" ? "ours" : "theirs");
  const count = patterns[0]?.includes("#") ? (whole?.[dim] ?? 0) : patterns.length;
  if (!whole || (count !== 1 && (whole[dim] ?? 1) % count !== 0)) return undefined;
  const dtype = entries.every((entry) => entry.dtype === entries[0]?.dtype) ? entries[0]!.dtype : "F32";
  return Array.from({ length: count }, (_, index) => {
    const part = count > 1 ? whole.map((length, at) => (at === dim ? length / count : length)) : whole;
    const pattern = compileNamePattern((patterns.length > 1 ? patterns[index] : patterns[0]) as string);
    const assemble = <T extends StoredValues>(values: readonly T[]): T => {
      const parts = values.map((each, at) => ({ shape: shapes[at] as readonly number[], values: each }));
      return partOfValues({ shape: whole, values: joinValues(parts, dim) }, dim, index, count);
    };
    const read = async (): Promise<Float32Array> => {
      const values = [];
      for (const name of sources) values.push(await file.read(name));
      return assemble(values);
    };
    const { readStored } = file;
    const stored = readStored && { readStored: () => assemble(sameKind(sources.map((name) => readStored(name)))) };
    const shape = from === "theirs" ? part : toTheirUnits(part, rule);
    return [pattern.fill({ captures, part: index }), { shape, dtype, read, ...stored }];
  });
}

/** Bits where all are, else float32. */
function sameKind(values: readonly StoredValues[]): readonly StoredValues[] {
  if (values.every((each) => each instanceof Uint16Array)) return values;
  return values.map((each) => (each instanceof Uint16Array ? bfloat16ToFloat32(each) : each));
}

function toOurUnits(shape: readonly number[], { theirsUnit, oursUnit }: WeightRule): readonly number[] {
  if (theirsUnit !== undefined && shape[theirsUnit] === 1) return shape.toSpliced(theirsUnit, 1);
  return oursUnit === undefined ? shape : shape.toSpliced(oursUnit, 0, 1);
}

function toTheirUnits(shape: readonly number[], { theirsUnit, oursUnit }: WeightRule): readonly number[] {
  if (theirsUnit !== undefined) return shape.toSpliced(theirsUnit, 0, 1);
  return oursUnit === undefined ? shape : shape.toSpliced(oursUnit, 1);
}
