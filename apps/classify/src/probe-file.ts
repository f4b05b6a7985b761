import { FormatError } from "@graticule/core";
import type { LinearClassifier } from "@graticule/eval";
import { openSafetensors, writeSafetensors } from "@graticule/train";
import { z } from "zod";

/** A fitted probe with what it takes to use it on new images. */
export interface StoredProbe {
  readonly classifier: LinearClassifier;
  readonly classNames: readonly string[];
  readonly pool: "cls" | "mean";
  /** Hash of the encoder that the probe was fitted on. */
  readonly encoderHash: string;
}

const metadataSchema = z.object({
  format: z.literal("graticule-probe"),
  classNames: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  pool: z.enum(["cls", "mean"]),
  encoderHash: z.string(),
});

/** Writes a probe as safetensors: `weight [K, D]`, `bias [K]`, `mean [D]`, `scale [D]`, float32. */
export async function writeProbe(
  path: string,
  { classifier, classNames, pool, encoderHash }: StoredProbe,
): Promise<void> {
  const { weight, bias, standardizer } = classifier;
  const dims = standardizer.mean.length;
  const entry = (name: string, values: Float32Array, shape: number[]) => ({
    name,
    dtype: "F32" as const,
    shape,
    async *write() {
      yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    },
  });
  await writeSafetensors(
    path,
    [
      entry("weight", weight, [bias.length, dims]),
      entry("bias", bias, [bias.length]),
      entry("mean", standardizer.mean, [dims]),
      entry("scale", standardizer.scale, [dims]),
    ],
    { format: "graticule-probe", classNames: JSON.stringify(classNames), pool, encoderHash },
  );
}

/**
 * Reads a probe.
 *
 * @throws {FormatError} if the file is no probe, or its tensors don't fit together.
 */
export async function readProbe(path: string): Promise<StoredProbe> {
  const file = await openSafetensors(path);
  try {
    const metadata = metadataSchema.safeParse(file.metadata);
    if (!metadata.success)
      throw new FormatError(path, "a probe written by graticule-classify probe", "another file", "Fit a probe first.", {
        cause: metadata.error,
      });
    const [weight, bias, mean, scale] = [
      await file.read("weight"),
      await file.read("bias"),
      await file.read("mean"),
      await file.read("scale"),
    ];
    const { classNames, pool, encoderHash } = metadata.data;
    if (
      bias.length !== classNames.length ||
      weight.length !== bias.length * mean.length ||
      scale.length !== mean.length
    )
      throw new FormatError(
        path,
        "tensors that fit together",
        `${weight.length} weights for ${classNames.length} classes`,
      );
    return { classifier: { weight, bias, standardizer: { mean, scale } }, classNames, pool, encoderHash };
  } finally {
    await file.close();
  }
}
