import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { encodePng } from "@graticule/plot";

/** Writes a folder of small noisy PNGs in two classes that differ in color, `root/{dark,light}/*.png`. */
export async function writeImageFolder(root: string, imagesPerClass: number, side = 16): Promise<void> {
  for (const [name, level] of [
    ["dark", 40],
    ["light", 180],
  ] as const) {
    await mkdir(join(root, name), { recursive: true });
    for (let index = 0; index < imagesPerClass; index++) {
      const random = makeRandom(1, name, index);
      const rgb = Uint8Array.from({ length: side * side * 3 }, () => level + random.integer(60));
      await writeFile(join(root, name, `${index}.png`), encodePng(rgb, side, side));
    }
  }
}
