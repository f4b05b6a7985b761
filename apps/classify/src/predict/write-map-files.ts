import { writeFile } from "node:fs/promises";
import { type CogWriter, openCogWriter, type Raster, scaleTransform, type WindowPlan } from "@graticule/data-geotiff";
import type { MapLayer } from "./map-layers.js";
import type { RowJournal } from "./row-journal.js";

/** Joins what all layers store of some rows. */
export function encodeLayers(layers: readonly MapLayer[], values: Float32Array): Uint8Array<ArrayBuffer> {
  const parts = layers.map((layer) => {
    const { buffer, byteOffset, byteLength } = layer.encode(values);
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** Writes each layer of a finished journal as a COG on the source's grid, `BASE.SUFFIX.tif`; names the files. */
export async function writeMapFiles(
  base: string,
  layers: readonly MapLayer[],
  journal: RowJournal,
  raster: Raster,
  { cellsAcross, cellsDown, cellSize }: WindowPlan,
  onProgress: (rows: number, total: number) => void,
): Promise<string[]> {
  const { geoKeys, transform } = raster;
  const place = {
    width: cellsAcross,
    height: cellsDown,
    geoKeys,
    transform: transform && scaleTransform(transform, cellSize, cellSize),
  };
  const paths = layers.map(({ suffix }) => `${base}.${suffix}.tif`);
  const writers: CogWriter[] = [];
  try {
    for (const [index, { cog, bands }] of layers.entries())
      writers.push(await openCogWriter(paths[index] as string, { ...place, ...cog, bands }));
    for await (const { row, rows, bytes } of journal.records()) {
      let at = 0;
      for (const [index, layer] of layers.entries()) {
        const length = layer.bands * rows * cellsAcross * layer.itemBytes;
        const stored = layer.decode(bytes.subarray(at, at + length));
        await writers[index]?.writeWindow({ row, column: 0, height: rows, width: cellsAcross }, stored);
        at += length;
      }
      onProgress(row + rows, cellsDown);
    }
    for (const writer of writers) await writer.close();
  } catch (error) {
    for (const writer of writers) await writer.abort();
    throw error;
  }
  return paths;
}

/** Writes names of classes where GDAL and QGIS look for them, beside the file. Source: GDAL, PAM's `.aux.xml`. */
export async function writeCategoryNames(path: string, names: readonly string[]): Promise<void> {
  const escapeXml = (text: string): string => text.replace(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const categories = names.map((name) => `      <Category>${escapeXml(name)}</Category>\n`).join("");
  const band = `  <PAMRasterBand band="1">\n    <CategoryNames>\n${categories}    </CategoryNames>\n  </PAMRasterBand>\n`;
  await writeFile(`${path}.aux.xml`, `<PAMDataset>\n${band}</PAMDataset>\n`);
}
