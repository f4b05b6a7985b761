import { rename } from "node:fs/promises";
import { encodeFloats, type TensorFile } from "@graticule/nn";
import { type FileDigest, writeSafetensors } from "@graticule/train";

/** Writes float tensors in their types, one at a time; the file gets its name when it is complete. */
export async function writeTensorFile(path: string, { tensors, read }: TensorFile, prefix = ""): Promise<FileDigest> {
  const entries = Array.from(tensors, ([name, { shape, dtype }]) => ({
    ...{ name: `${prefix}${name}`, shape, dtype },
    async *write() {
      yield encodeFloats(dtype as "F32" | "F16" | "BF16", await read(name));
    },
  }));
  const digest = await writeSafetensors(`${path}.partial`, entries, { format: "pt" });
  await rename(`${path}.partial`, path);
  return digest;
}
