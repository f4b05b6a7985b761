import { open, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openCogWriter } from "@graticule/data-geotiff";
import { cubeCropsSpec } from "@graticule/data-hyperspectral";
import { benchDataset, type DataCase } from "./data-case.js";
import { syntheticScene } from "./synthetic-scene.js";

/** Twice what either side keeps of decoded tiles. */
const SIDE = 4096;
const BANDS = 4;
const WINDOW = 224;

async function writeCog(folder: string): Promise<string> {
  const path = join(folder, "scene.tif");
  if (await stat(path).catch(() => undefined)) return path;
  const writer = await openCogWriter(path, {
    width: SIDE,
    height: SIDE,
    bands: BANDS,
    dtype: "uint16",
    tileSize: 256,
    epsg: 32632,
    transform: [500_000, 10, 0, 5_000_000, 0, -10],
  });
  for (let row = 0; row < SIDE; row += 256) {
    const values = syntheticScene({ bands: BANDS, height: 256, width: SIDE, levels: 10_000, seed: row });
    await writer.writeWindow({ row, column: 0, height: 256, width: SIDE }, values);
  }
  await writer.close();
  return path;
}

function rasterCase(uri: string, peerUri: string): DataCase {
  const options = { size: WINDOW, count: 512, height: SIDE, width: SIDE };
  return {
    dataset: benchDataset("openRasterWindows", { uri, ...options }),
    batch: 16,
    sampleBytes: WINDOW * WINDOW * BANDS * 2,
    peer: { name: "rasterio", script: "raster", options: { path: peerUri, ...options }, modules: ["rasterio"] },
  };
}

/** Random windows of a tiled, deflated 4-band uint16 GeoTIFF of 4096 × 4096. */
export async function writeGeotiff(folder: string): Promise<DataCase> {
  const path = await writeCog(folder);
  return { ...rasterCase(path, path), repeats: 4 };
}

/** The same windows from a server on this machine that knows byte ranges. */
export async function serveGeotiff(folder: string): Promise<DataCase> {
  const path = await writeCog(folder);
  const { size } = await stat(path);
  const file = await open(path);
  const server = createServer(async (request, response) => {
    const [, first = "0", last = String(size - 1)] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
    const end = Math.min(Number(last), size - 1);
    const length = request.method === "HEAD" ? 0 : end - Number(first) + 1;
    response.writeHead(request.headers.range ? 206 : 200, {
      "accept-ranges": "bytes",
      "content-length": end - Number(first) + 1,
      ...(request.headers.range && { "content-range": `bytes ${first}-${end}/${size}` }),
    });
    const { buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, Number(first));
    response.end(buffer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scene.tif`;
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await file.close();
  };
  return { ...rasterCase(uri, `/vsicurl/${uri}`), close };
}

const LINES = 512;
const SAMPLES = 512;
const CUBE_BANDS = 224;
const CROP = 32;

/** Random crops over all bands of an ENVI cube: 512 × 512 pixels, 224 bands, int16, interleaved by line. */
export async function writeCube(folder: string): Promise<DataCase> {
  const data = join(folder, "cube.bil");
  const header = join(folder, "cube.hdr");
  const fields = { samples: SAMPLES, lines: LINES, bands: CUBE_BANDS, "data type": 2, interleave: "bil" };
  const lines = Object.entries({ ...fields, "header offset": 0, "byte order": 0 }).map(
    ([key, value]) => `${key} = ${value}`,
  );
  await writeFile(header, ["ENVI", ...lines, ""].join("\n"));
  await writeFile(data, syntheticScene({ bands: LINES, height: CUBE_BANDS, width: SAMPLES, levels: 10_000, seed: 3 }));
  const cropsPerEpoch = 1024;
  return {
    dataset: cubeCropsSpec({ cubes: [{ path: header }], cropSize: [CROP, CROP], placing: "random", cropsPerEpoch }),
    batch: 16,
    sampleBytes: CROP * CROP * CUBE_BANDS * 2,
    peer: {
      name: "memmap",
      script: "memmap",
      options: { path: data, dtype: "int16", shape: [LINES, CUBE_BANDS, SAMPLES], crop: [CROP, cropsPerEpoch] },
      modules: ["numpy"],
    },
  };
}
