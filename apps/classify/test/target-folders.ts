import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { openCogWriter } from "@graticule/data-geotiff";
import { encodePng } from "@graticule/plot";

const COLORS = [
  [60, 160, 60],
  [170, 60, 60],
  [40, 60, 150],
] as const;

/**
 * Writes noisy RGB images of two colors, left and right of a line, as `root/images/N.png`; the numbers of their classes, 10
 * times the color's and 99 where there is none, as `root/labels/N.tif`; how red each pixel is as `root/redness/N.tif`; and a
 * table of the colors that each has and of the share of its first one, `root/table.csv`.
 */
export async function writeTargetFolders(root: string, count: number, side = 16): Promise<void> {
  for (const folder of ["images", "labels", "redness"]) await mkdir(join(root, folder), { recursive: true });
  const lines = ["file,labels,share,split"];
  for (let index = 0; index < count; index++) {
    const random = makeRandom(5, "targets", index);
    const [left, right] = [random.integer(3), random.integer(3)];
    const line = 2 + random.integer(side - 3);
    const colorAt = (pixel: number): number => (pixel % side < line ? left : right);
    const rgb = Uint8Array.from({ length: side * side * 3 }, (_, at) =>
      Math.max(0, (COLORS[colorAt(Math.floor(at / 3))]?.[at % 3] as number) + random.integer(40) - 20),
    );
    const labels = Float32Array.from({ length: side * side }, (_, pixel) => (pixel < side ? 99 : 10 * colorAt(pixel)));
    const redness = Float32Array.from({ length: side * side }, (_, pixel) =>
      pixel < side ? -1 : 3 + (COLORS[colorAt(pixel)]?.[0] as number) / 100,
    );
    await writeFile(join(root, "images", `${index}.png`), encodePng(rgb, side, side));
    await writeRaster(join(root, "labels", `${index}.tif`), labels, side);
    await writeRaster(join(root, "redness", `${index}.tif`), redness, side);
    const names = [...new Set([left, right])].map((color) => ["green", "red", "water"][color]);
    const split = index % 4 === 3 ? "test" : index % 4 === 2 ? "val" : "train";
    lines.push(`images/${index}.png,${names.join(";")},${line / side},${split}`);
  }
  await writeFile(join(root, "table.csv"), `${lines.join("\n")}\n`);
}

async function writeRaster(path: string, values: Float32Array, side: number): Promise<void> {
  const writer = await openCogWriter(path, { width: side, height: side, bands: 1, dtype: "float32" });
  await writer.writeWindow({ row: 0, column: 0, height: side, width: side }, values);
  await writer.close();
}
