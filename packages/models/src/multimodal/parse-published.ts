import { ConfigError, expectation } from "@graticule/core";
import { z } from "zod";

/** A number of things in a config.json. */
export const size = z.int().positive();

/**
 * Reads a part of a config.json; `where` opens the error's message.
 *
 * @throws {ConfigError} that lists what the schema refuses.
 */
export function parsePublished<S extends z.ZodType>(where: string, schema: S, json: unknown): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the whole"}: ${message}`);
  throw new ConfigError(expectation(where, "a config.json of a model that is built here", faults.join("; ")));
}
