import { FormatError } from "@graticule/core";

/** An ENVI header's fields: names in lower case with single spaces, values as written, without braces. */
export type EnviFields = ReadonlyMap<string, string>;

/**
 * Parses the text of an ENVI header: `name = value` lines, lists in braces over many lines, comments after `;`.
 *
 * Source: NV5 Geospatial, "ENVI Header Files".
 *
 * @throws {FormatError} if the first line isn't `ENVI`, or a brace is never closed.
 */
export function parseEnviFields(path: string, text: string): EnviFields {
  const lines = text.split(/\r\n|\r|\n/);
  const first = (lines[0] as string).replace(/^\uFEFF/, "").trim();
  if (first !== "ENVI")
    throw new FormatError(
      path,
      "an ENVI header, whose first line is 'ENVI'",
      `'${first.slice(0, 40)}'`,
      "Give the header or the data file of an ENVI cube.",
    );
  const fields = new Map<string, string>();
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] as string;
    const equals = line.indexOf("=");
    if (equals < 0 || line.trimStart().startsWith(";")) continue;
    const name = line.slice(0, equals).trim().toLowerCase().replace(/\s+/g, " ");
    const value = line.slice(equals + 1).trim();
    if (!value.startsWith("{")) {
      fields.set(name, value);
      continue;
    }
    const start = at;
    const parts = [value.slice(1)];
    while (!(parts.at(-1) as string).includes("}")) {
      at += 1;
      if (at === lines.length)
        throw new FormatError(
          path,
          `'${name}' to end with }`,
          `the end of the file after line ${start + 1}`,
          "The header is cut.",
        );
      parts.push(lines[at] as string);
    }
    fields.set(name, parts.join("\n").split("}")[0] as string);
  }
  return fields;
}

/** A field's list: parts between commas, trimmed; undefined if the field is absent or empty. */
export function listField(fields: EnviFields, name: string): string[] | undefined {
  const text = fields.get(name)?.trim();
  return text === undefined || text === ""
    ? undefined
    : text
        .replace(/,\s*$/, "")
        .split(",")
        .map((part) => part.trim());
}

/**
 * A field's list of numbers, one a band.
 *
 * @throws {FormatError} if there are more or fewer, or a part is no number.
 */
export function bandNumbers(path: string, fields: EnviFields, name: string, bands: number): number[] | undefined {
  const parts = listField(fields, name);
  if (parts === undefined) return undefined;
  if (parts.length !== bands)
    throw new FormatError(path, `${bands} numbers in '${name}', one a band`, `${parts.length}`, "Correct the header.");
  return parts.map((part) => parseNumber(path, name, part));
}

/**
 * A field's number.
 *
 * @throws {FormatError} if the text is none.
 */
export function numberField(path: string, fields: EnviFields, name: string): number | undefined {
  const text = fields.get(name);
  return text === undefined || text === "" ? undefined : parseNumber(path, name, text);
}

function parseNumber(path: string, name: string, text: string): number {
  const plain = text.trim().replace(/^([+-]?)inf(inity)?$/i, "$1Infinity");
  const value = /^nan$/i.test(plain) ? NaN : plain === "" ? undefined : Number(plain);
  if (value === undefined || (Number.isNaN(value) && !/^nan$/i.test(plain)))
    throw new FormatError(path, `a number for '${name}'`, `'${text.slice(0, 40)}'`, "Correct the header.");
  return value;
}
