import { selectPaths } from "@graticule/core";
import { unmapWeights } from "@graticule/models";
import type { TensorFile } from "@graticule/nn";
import { type CheckpointTensors, type FileDigest, openCheckpointWeights } from "@graticule/train";
import { z } from "zod";
import { openPretrainedRun } from "../encoder.js";
import { type FamilyName, namedFamilies } from "./named-families.js";
import { writeTensorFile } from "./write-tensor-file.js";

/** What an import left in the run's settings. */
const importedSettings = z.object({
  imported: z
    .object({
      as: z.string(),
      variant: z.int(),
      prefix: z.string(),
      dtypes: z.record(z.string(), z.enum(["F16", "BF16"])),
    })
    .optional(),
});

/**
 * Writes a run's weights as safetensors in a family's names; the file gets its own when it is complete. A run that was
 * imported gets the names and types of its file back, so that tensors that nothing changed have the same bytes.
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
  const weights = await openCheckpointWeights(checkpoint);
  try {
    const kept = withDtypes(weights, imported?.dtypes ?? {}, skip);
    const { family } = namedFamilies[as];
    const { variant, prefix } = imported?.as === as ? imported : { variant: 0, prefix: "" };
    const theirs = unmapWeights(kept, family, variant);
    return await writeTensorFile(path, theirs, prefix);
  } finally {
    await weights.close();
  }
}

/** The tensors that no pattern names, with the types that they were published in. */
function withDtypes(
  weights: CheckpointTensors,
  dtypes: Readonly<Record<string, "F16" | "BF16">>,
  skip: readonly string[],
): TensorFile {
  const left = new Set(skip.flatMap((pattern) => selectPaths(pattern, weights.tensors.keys())));
  const kept = [...weights.tensors].filter(([name]) => !left.has(name));
  const tensors = new Map(kept.map(([name, { shape }]) => [name, { shape, dtype: dtypes[name] ?? ("F32" as const) }]));
  return { tensors, read: (name) => weights.read(name) };
}
