import { join } from "node:path";
import { selectPaths } from "@graticule/core";
import { unmapWeights } from "@graticule/models";
import { encodeFloats, type TensorFile } from "@graticule/nn";
import { type FileDigest, MODEL_FILE, openSafetensors, writeSafetensors } from "@graticule/train";
import { z } from "zod";
import { openPretrainedRun } from "../encoder.js";
import { type FamilyName, namedFamilies } from "./named-families.js";

/** What an import left in the run's settings. */
const importedSettings = z.object({
  imported: z
    .object({ as: z.string(), variant: z.int(), dtypes: z.record(z.string(), z.enum(["F16", "BF16"])) })
    .optional(),
});

/**
 * Writes a run's weights as safetensors in a family's names. A run that was imported gets the names and types of its file
 * back, so that tensors that nothing changed have the same bytes.
 *
 * @throws {MismatchError} that lists the tensors that the family has no name for, but for those in `skip`.
 * @throws {RangeError} if a pattern in `skip` matches nothing.
 */
export async function exportRun(
  runFolder: string,
  as: FamilyName,
  path: string,
  skip: readonly string[] = [],
): Promise<FileDigest> {
  const { checkpoint, run } = await openPretrainedRun(runFolder);
  const { imported } = importedSettings.parse(run);
  const file = await openSafetensors(join(checkpoint.path, MODEL_FILE));
  try {
    const kept = withDtypes(file, imported?.dtypes ?? {}, skip);
    const { family } = namedFamilies[as];
    const theirs = unmapWeights(kept, family, imported?.as === as ? imported.variant : 0);
    const entries = Array.from(theirs.tensors, ([name, { shape, dtype }]) => ({
      ...{ name, shape, dtype },
      async *write() {
        yield encodeFloats(dtype as "F32" | "F16" | "BF16", await theirs.read(name));
      },
    }));
    return await writeSafetensors(path, entries, { format: "pt" });
  } finally {
    await file.close();
  }
}

/** The tensors that no pattern names, with the types that they were published in. */
function withDtypes(
  file: TensorFile,
  dtypes: Readonly<Record<string, "F16" | "BF16">>,
  skip: readonly string[],
): TensorFile {
  const left = new Set(skip.flatMap((pattern) => selectPaths(pattern, file.tensors.keys())));
  const kept = [...file.tensors].filter(([name]) => !left.has(name));
  const tensors = new Map(kept.map(([name, { shape, dtype }]) => [name, { shape, dtype: dtypes[name] ?? dtype }]));
  return { tensors, read: (name) => file.read(name) };
}
