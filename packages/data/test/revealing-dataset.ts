import type { Dataset } from "../src/index.js";

/** Samples that tell what lay in their place before them: `found`, their first pixel as it was. */
export async function openRevealing({ length }: { readonly length: number }): Promise<Dataset> {
  const shape = [2, 3, 4] as const;
  async function readInto(index: number, pixels: Float32Array) {
    const found = pixels.slice(0, 1);
    pixels.fill(index + 1);
    return { id: `sample-${index}`, arrays: { found: { data: found, shape: [] } } };
  }
  return {
    length,
    schema: [{ name: "first" }, { name: "second" }],
    read: async (index) => {
      const pixels = new Float32Array(24);
      return { ...(await readInto(index, pixels)), pixels, shape };
    },
    direct: { shape, readInto },
  };
}
