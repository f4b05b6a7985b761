import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { type CogOptions, openCogWriter, openRaster } from "../src/index.js";
import { breachesOfCog, readDirectories } from "./cog-directories.js";

const folder = makeTemporaryFolder();
let files = 0;
const newPath = (): string => join(folder.path, `${files++}.tif`);

/** Writes a whole raster in windows of the given size, in a shuffled order. */
async function writeWhole(options: CogOptions, pixels: ArrayLike<number>, windowSize: readonly [number, number]) {
  const path = newPath();
  const { width, height, bands = 1 } = options;
  const writer = await openCogWriter(path, options);
  const [rows, columns] = windowSize;
  const across = Math.ceil(width / columns);
  for (const index of makeRandom(3, "order").permutation(across * Math.ceil(height / rows))) {
    const row = Math.floor(index / across) * rows;
    const column = (index % across) * columns;
    const window = { row, column, height: Math.min(rows, height - row), width: Math.min(columns, width - column) };
    const values = new Float64Array(bands * window.height * window.width);
    let to = 0;
    for (let band = 0; band < bands; band++)
      for (let y = row; y < row + window.height; y++)
        for (let x = column; x < column + window.width; x++)
          values[to++] = pixels[(band * height + y) * width + x] as number;
    await writer.writeWindow(window, values);
  }
  await writer.close();
  return path;
}

function drawPixels(length: number, low: number, high: number): Float64Array {
  const random = makeRandom(11, "pixels");
  return Float64Array.from({ length }, (_, index) =>
    index % 5 === 0 ? low + Math.floor(random.float() * (high - low)) : low + (index % 90),
  );
}

describe("round trips", () => {
  const cases = [
    ["uint8", "deflate", 0, 255],
    ["int8", "zstd", -128, 127],
    ["uint16", "zstd", 0, 65_535],
    ["int16", "deflate", -32_768, 32_767],
    ["uint32", "none", 0, 2 ** 24],
    ["int32", "deflate", -(2 ** 24), 2 ** 24],
    ["float32", "zstd", -1000, 1000],
    ["float64", "deflate", -1000, 1000],
  ] as const;
  test.each(cases)(
    "%s by %s, 13 bands or 2, any order of windows, bit for bit",
    async (dtype, compression, low, high) => {
      const bands = dtype === "uint16" ? 13 : 2;
      const [width, height] = [75, 53];
      const pixels = drawPixels(bands * width * height, low, high);
      // 40 kB in memory: partly written tiles go to disk and come back.
      const options = { width, height, bands, dtype, compression, tileSize: 32, maxOpenBytes: 40_000 } as const;
      for (const more of [{}, { bigTiff: true, predictor: false }]) {
        const path = await writeWhole({ ...options, ...more }, pixels, [20, 24]);
        expect(breachesOfCog(new Uint8Array(readFileSync(path)))).toEqual([]);
        const raster = await openRaster(path);
        expect([raster.width, raster.height, raster.bands, raster.dtype]).toEqual([width, height, bands, dtype]);
        expect(await raster.readWindow({ row: 0, column: 0, width, height })).toEqual(new Float32Array(pixels));
      }
    },
  );

  test("a palette, and another raster's coordinate system whatever it is", async () => {
    const geoKeys = {
      // A user-defined conic projection, pixels as points.
      directory: [1, 1, 0, 4, 1024, 0, 1, 1, 1025, 0, 1, 2, 3073, 34737, 7, 0, 3078, 34736, 1, 0],
      doubles: [29.5],
      ascii: "Conic|",
    };
    const base = { width: 20, height: 10, dtype: "uint8", transform: [0, 2, 0, 50, 0, -2] as const } as const;
    const palette = [
      [10, 20, 30],
      [255, 0, 128],
    ] as const;
    const path = await writeWhole({ ...base, geoKeys, palette }, new Uint8Array(200).fill(1), [10, 20]);
    const bytes = new Uint8Array(readFileSync(path));
    expect(breachesOfCog(bytes)).toEqual([]);
    const raster = await openRaster(path);
    expect(raster.citation).toBe("Conic");
    expect(raster.transform).toEqual(base.transform);
    expect(raster.geoKeys).toEqual({
      ...geoKeys,
      directory: geoKeys.directory.map((value, at) => (at === 11 ? 1 : value)),
    });
    const map = readDirectories(bytes)[0]?.tags.get(320) ?? [];
    expect([map.length, map[0], map[1], map[256], map[257], map[512], map[513], map[2]]).toEqual([
      ...[768, 10 * 257, 65_535, 20 * 257, 0, 30 * 257, 128 * 257, 0],
    ]);
    await expect(openCogWriter(newPath(), { ...base, bands: 2, palette })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openCogWriter: expected palette for one band of uint8, of at most 256 colors, got 2 colors for 2 of uint8.]`,
    );
  });

  test("place, names and nodata", async () => {
    const transform = [399960, 10, 0, 5800020, 0, -10] as const;
    const bandNames = ["a < b & c", "nir"];
    const base = { width: 40, height: 24, bands: 2, dtype: "float32", tileSize: 16, bandNames } as const;
    const pixels = new Float64Array(40 * 24 * 2).map((_, index) => (index % 7 === 0 ? NaN : index));
    const path = await writeWhole(
      {
        ...base,
        epsg: 32633,
        transform,
        nodata: -3.4e38,
        scales: [0.1, 1],
        offsets: [0, -5],
        metadata: { MODEL: "vit" },
      },
      pixels,
      [24, 40],
    );
    const raster = await openRaster(path);
    expect(raster).toMatchObject({ epsg: 32633, transform, bandNames });
    expect(await raster.readWindow({ row: 0, column: 0, width: 40, height: 24 })).toEqual(new Float32Array(pixels));
    const [first] = readDirectories(new Uint8Array(readFileSync(path)));
    expect(String.fromCharCode(...(first?.tags.get(42112) ?? [])).replace("\0", "")).toMatchInlineSnapshot(`
      "<GDALMetadata>
        <Item name="MODEL">vit</Item>
        <Item name="DESCRIPTION" sample="0" role="description">a &lt; b &amp; c</Item>
        <Item name="DESCRIPTION" sample="1" role="description">nir</Item>
        <Item name="SCALE" sample="0" role="scale">0.1</Item>
        <Item name="SCALE" sample="1" role="scale">1</Item>
        <Item name="OFFSET" sample="0" role="offset">0</Item>
        <Item name="OFFSET" sample="1" role="offset">-5</Item>
      </GDALMetadata>"
    `);
    // Projected 32633 in metres; geographic 4326; a rotated grid needs the matrix.
    expect(first?.tags.get(34735)).toEqual([1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633]);
    const rotated = [100, 0.5, 0.25, 50, -0.25, -0.5] as const;
    const geographic = await openRaster(
      await writeWhole({ ...base, epsg: 4326, transform: rotated }, pixels, [24, 40]),
    );
    expect(geographic).toMatchObject({ epsg: 4326, transform: rotated });
  });
});

describe("overviews", () => {
  /** Pixels of a level's first tile; the file is uncompressed and has one band of bytes. */
  function tileOf(path: string, level: number, width: number, rows: number, tileSize = 16): number[][] {
    const bytes = new Uint8Array(readFileSync(path));
    const at = readDirectories(bytes)[level]?.tags.get(324)?.[0] as number;
    return Array.from({ length: rows }, (_, row) => [
      ...bytes.subarray(at + row * tileSize, at + row * tileSize + width),
    ]);
  }
  // 5 by 3 pixels in the corner, 9 is nodata; the rest is nodata too.
  const corner = [
    [1, 1, 2, 9, 7],
    [2, 1, 4, 9, 9],
    [6, 6, 9, 9, 3],
  ];
  const pixels = Float64Array.from(
    { length: 17 * 17 },
    (_, index) => corner[Math.floor(index / 17)]?.[index % 17] ?? 9,
  );
  const base = { width: 17, height: 17, dtype: "uint8", compression: "none", tileSize: 16, nodata: 9 } as const;

  test.each([
    // (1 + 1 + 2 + 1)/4 = 1.25; (2 + 4)/2 = 3; 7 alone; (6 + 6)/2 with two of nodata below
    [
      "average",
      [
        [1, 3, 7],
        [6, 9, 3],
      ],
    ],
    [
      "nearest",
      [
        [1, 2, 7],
        [6, 9, 3],
      ],
    ],
    // 1 thrice of four; 2 before 4; nodata has no vote
    [
      "mode",
      [
        [1, 2, 7],
        [6, 9, 3],
      ],
    ],
  ] as const)("%s by hand", async (resampling, expected) => {
    expect(tileOf(await writeWhole({ ...base, resampling }, pixels, [17, 17]), 1, 3, 2)).toEqual(expected);
  });

  test("a mean that would read as nodata moves by one", async () => {
    const even = new Float64Array(17 * 17).fill(0).map((_, index) => (index % 17 === 0 ? 8 : 10));
    expect(tileOf(await writeWhole({ ...base, resampling: "average" }, even, [17, 17]), 1, 2, 1)).toEqual([[10, 10]]);
  });

  test("as many as it takes to fit one tile, or as many as asked for", async () => {
    const sizes = async (options: Partial<CogOptions>) => {
      const whole = { width: 70, height: 40, dtype: "int16", tileSize: 16, ...options } as const;
      const path = await writeWhole(whole, new Float64Array(70 * 40), [40, 70]);
      return readDirectories(new Uint8Array(readFileSync(path))).map(({ tags }) => [
        tags.get(256)?.[0],
        tags.get(257)?.[0],
      ]);
    };
    expect(await sizes({})).toEqual([
      [70, 40],
      [35, 20],
      [18, 10],
      [9, 5],
    ]);
    expect(await sizes({ overviews: 1 })).toEqual([
      [70, 40],
      [35, 20],
    ]);
    expect(await sizes({ overviews: 0 })).toEqual([[70, 40]]);
  });
});

describe("what goes wrong", () => {
  const base = { width: 40, height: 24, dtype: "uint8", tileSize: 16 } as const;
  const window = { row: 0, column: 0, height: 16, width: 16 };

  test("pixels never written are nodata, in tiles that the file leaves out", async () => {
    const path = newPath();
    const writer = await openCogWriter(path, { ...base, nodata: 255 });
    await writer.writeWindow({ ...window, height: 8 }, new Uint8Array(128).fill(3));
    await writer.close();
    const bytes = new Uint8Array(readFileSync(path));
    expect(breachesOfCog(bytes)).toEqual([]);
    expect(
      readDirectories(bytes)[0]
        ?.tags.get(325)
        ?.filter((count) => count > 0).length,
    ).toBe(1);
    const read = await (await openRaster(path)).readWindow({ row: 0, column: 0, height: 24, width: 40 });
    expect(read).toEqual(Float32Array.from({ length: 960 }, (_, index) => (index < 320 && index % 40 < 16 ? 3 : NaN)));
  });

  test("without nodata, missing pixels are an error and leave nothing", async () => {
    const path = join(folder.path, "missing.tif");
    const writer = await openCogWriter(path, base);
    await writer.writeWindow(window, new Uint8Array(256));
    await expect(writer.close()).rejects.toThrow(
      /expected 960 pixels of '.*missing\.tif', got 704 fewer\. Write all, or give/,
    );
    expect(readdirSync(folder.path).filter((name) => name.includes("missing"))).toEqual([]);
  });

  test("the path keeps its old file until the new one is whole; abort leaves it", async () => {
    const path = newPath();
    writeFileSync(path, "old");
    const writer = await openCogWriter(path, base);
    await writer.writeWindow(window, new Uint8Array(256));
    expect(readFileSync(path, "utf8")).toBe("old");
    await writer.abort();
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder.path).filter((name) => name.includes(".writing-"))).toEqual([]);
    await expect(writer.writeWindow(window, new Uint8Array(256))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: writeWindow: expected an open writer, got one that is closed. Open another.]`,
    );
  });

  test("a pixel written twice, a window outside, values that don't fit", async () => {
    const writer = await openCogWriter(newPath(), base);
    await writer.writeWindow({ ...window, height: 4 }, new Uint8Array(64));
    await expect(writer.writeWindow({ ...window, row: 10 }, new Uint8Array(256))).rejects.toThrow(/inside 40 by 24/);
    await expect(writer.writeWindow(window, new Uint8Array(5))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: writeWindow: expected 256 values for 1 bands of 16 by 16 pixels, got 5.]`,
    );
    await expect(writer.writeWindow(window, new Float32Array(256).fill(-1))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: writeWindow: expected values from 0 to 255 for uint8 pixels, got -1 at position 0. Choose a wider dtype, or scale the values.]`,
    );
    await expect(
      writer.writeWindow(window, new Float32Array(256).fill(NaN)),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: writeWindow: expected numbers for uint8 pixels, got NaN at position 0. Give the writer a nodata value.]`,
    );
    await expect(
      writer.writeWindow({ ...window, row: 3, height: 4 }, new Uint8Array(64)),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: writeWindow: expected pixels that were not written before, got 16 by 4 at column 0, row 3 of which some were. Blend overlapping windows before you write them.]`,
    );
    await expect(writer.close()).rejects.toThrow(/got one that is failed\. Nothing is written\./);
  });

  test.each([
    ["dtype", { dtype: "uint64" as "uint8" }],
    ["tileSize", { tileSize: 100 }],
    ["nodata", { nodata: -1 }],
    ["bandNames", { bandNames: ["a", "b"] }],
    ["compression", { compression: "lzw" as "none" }],
    ["width", { width: 0 }],
    ["epsg", { epsg: 40_000 }],
    ["resampling", { resampling: "cubic" as "mode" }],
  ])("a wrong %s is named", async (_, more) => {
    await expect(openCogWriter(newPath(), { ...base, ...more })).rejects.toThrowErrorMatchingSnapshot();
  });

  test("a folder that does not exist is named", async () => {
    await expect(openCogWriter(join("no", "such", "a.tif"), base)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: openCogWriter: expected a folder to write in, got 'no/such' (ENOENT). Make it first.]`,
    );
    expect(existsSync("no")).toBe(false);
  });
});
