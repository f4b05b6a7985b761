import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { encodePng } from "@graticule/plot";

/** Colors that a class's images have in a half of theirs; what is left is noise. */
const CLASSES = { green: [60, 160, 60], red: [170, 60, 60], water: [40, 60, 150] } as const;

/** Writes a folder of small noisy PNGs in three classes of color, `root/{train,val,test}/class/*.png`. */
export async function writeColorFolder(
  root: string,
  counts: Readonly<Partial<Record<"train" | "val" | "test", number>>>,
  side = 8,
): Promise<void> {
  for (const [split, count] of Object.entries(counts))
    for (const [name, color] of Object.entries(CLASSES)) {
      await mkdir(join(root, split, name), { recursive: true });
      for (let index = 0; index < count; index++) {
        const random = makeRandom(1, split, name, index);
        const rgb = Uint8Array.from({ length: side * side * 3 }, (_, at) =>
          Math.max(0, (color[at % 3] as number) + random.integer(80) - 40),
        );
        await writeFile(join(root, split, name, `${index}.png`), encodePng(rgb, side, side));
      }
    }
}
