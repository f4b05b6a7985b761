import type { GeluForm } from "@graticule/nn";
import { compileNamePattern } from "./name-pattern.js";

/**
 * One line of a name map, which works both ways. Patterns are those of `compileNamePattern`.
 *
 * Either side may name several tensors, which the other side holds as one, joined along `dim`; with `#` it is as many as
 * there are.
 */
export interface WeightRule {
  readonly theirs: string | readonly string[];
  readonly ours: string | readonly string[];
  /** 0 unless given. */
  readonly dim?: number;
  /** Where each of theirs has a dimension of length 1 that ours hasn't. */
  readonly theirsUnit?: number;
  /** Where ours has one that theirs haven't. */
  readonly oursUnit?: number;
}

/** Published names of one kind of model, and what its files don't say. */
export interface WeightFamily {
  /** The namings in use, the usual one first. */
  readonly variants: readonly (readonly WeightRule[])[];
  /** Epsilon of all LayerNorms. */
  readonly normEpsilon: number;
  /** Of the blocks' MLP; the exact GELU unless given. */
  readonly activation?: GeluForm;
  /** Whether a class token comes first; true unless given. */
  readonly classToken?: boolean;
  /** Whether positions may be those of several dates, the first date's first. */
  readonly hasFrames?: boolean;
  /** Channels of each group of models with grouped channels, for weights with groups of these sizes. */
  readonly channelGroups?: readonly (readonly number[])[];
}

export type Side = "theirs" | "ours";

export const patternsOf = (rule: WeightRule, side: Side): readonly string[] => {
  const patterns = rule[side];
  return typeof patterns === "string" ? [patterns] : patterns;
};

/** The tensors that belong together by one rule: names of one side, in the order of their parts. */
export interface NameGroup {
  readonly rule: WeightRule;
  readonly captures: readonly string[];
  readonly sources: readonly string[];
}

/** Finds what each name is by the first rule that it fits. Names that fit none, or lack a part beside them, are left over. */
export function groupNames(
  names: Iterable<string>,
  rules: readonly WeightRule[],
  side: Side,
): { readonly groups: readonly NameGroup[]; readonly leftOver: readonly string[] } {
  const patterns = rules.flatMap((rule) =>
    patternsOf(rule, side).map((pattern, part) => ({ rule, part, pattern: compileNamePattern(pattern) })),
  );
  const found = new Map<string, { rule: WeightRule; captures: readonly string[]; parts: Map<number, string> }>();
  const leftOver: string[] = [];
  for (const name of names) {
    const fitting = patterns.flatMap(({ pattern, ...place }) => {
      const match = pattern.match(name);
      return match ? [{ ...place, match }] : [];
    })[0];
    if (!fitting) {
      leftOver.push(name);
      continue;
    }
    const { rule, part, match } = fitting;
    const key = [rules.indexOf(rule), ...match.captures].join(" ");
    const group = found.get(key) ?? { rule, captures: match.captures, parts: new Map<number, string>() };
    group.parts.set(match.part ?? part, name);
    found.set(key, group);
  }
  const groups: NameGroup[] = [];
  for (const { rule, captures, parts } of found.values()) {
    const listed = patternsOf(rule, side);
    const expected = listed[0]?.includes("#") ? parts.size : listed.length;
    const sources = Array.from({ length: expected }, (_, part) => parts.get(part));
    if (sources.every((name) => name !== undefined)) groups.push({ rule, captures, sources });
    else leftOver.push(...parts.values());
  }
  return { groups, leftOver };
}
