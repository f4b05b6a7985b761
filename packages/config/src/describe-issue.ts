import type { core } from "zod";
import { joinPath, type PlainData, showValue } from "./plain-data.js";

/** One value that does not fit its schema, as the parts of an error line. */
export interface Problem {
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/** Turns a zod issue into path, expected and got; of a union it tells of the option that came closest. */
export function describeIssue(issue: core.$ZodIssue, root: PlainData, prefix: readonly PropertyKey[] = []): Problem[] {
  const keys = [...prefix, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const closest = closestOption(issue.errors);
    if (closest) return closest.flatMap((each) => describeIssue(each, root, keys));
  }
  if (issue.code === "invalid_key" || issue.code === "invalid_element")
    return issue.issues.flatMap((each) => describeIssue({ ...each, path: [] }, root, keys));
  const value = valueAt(root, keys);
  return [
    {
      path: keys.reduce<string>((path, key) => joinPath(path, String(key)), ""),
      expected: expectedBy(issue),
      got: sizeShown(issue) ? `${countOf(value)} in ${showValue(value)}` : showValue(value),
    },
  ];
}

/** The option whose mistakes lie deepest: the one its writer meant; `undefined` if the value fits the kind of none. */
function closestOption(options: readonly (readonly core.$ZodIssue[])[]): readonly core.$ZodIssue[] | undefined {
  const inside = options.filter((issues) => issues.length > 0 && issues.every((issue) => issue.path.length > 0));
  const ranged = options.filter((issues) =>
    issues.every((issue) => !["invalid_type", "invalid_value"].includes(issue.code)),
  );
  return [...inside, ...ranged].sort((a, b) => a.length - b.length)[0];
}

function expectedBy(issue: core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeName(issue.expected);
    case "invalid_value":
      return oneOf(issue.values);
    case "invalid_union":
      return "options" in issue && issue.options
        ? oneOf(issue.options)
        : issue.errors.map((option) => option.map(expectedBy).join(" and ")).join(" or ");
    case "too_small":
      return limit(issue.origin, issue.exact ? "exactly" : issue.inclusive ? "at least" : "more than", issue.minimum);
    case "too_big":
      return limit(issue.origin, issue.exact ? "exactly" : issue.inclusive ? "at most" : "less than", issue.maximum);
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.pattern ? `text that matches ${issue.pattern}` : `text in ${issue.format} form`;
    default:
      return lowerFirst(issue.message);
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: "a list",
  tuple: "a list",
  object: "a mapping",
  record: "a mapping",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  null: "null",
};

function typeName(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? showValue(values[0]) : `one of ${values.map(showValue).join(", ")}`;
}

function limit(origin: string, relation: string, bound: number | bigint): string {
  const unit = origin === "array" ? " element" : origin === "string" ? " character" : "";
  return `${relation} ${bound}${unit}${unit !== "" && Number(bound) !== 1 ? "s" : ""}`;
}

/** Lists and texts are measured by their length, so the message gives it beside the value. */
function sizeShown(issue: core.$ZodIssue): boolean {
  return (issue.code === "too_small" || issue.code === "too_big") && ["array", "string"].includes(issue.origin);
}

function countOf(value: unknown): number {
  return Array.isArray(value) || typeof value === "string" ? value.length : 0;
}

function valueAt(root: PlainData, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (node, key) =>
      typeof node === "object" && node !== null ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
