import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { makeLogger } from "@graticule/core";
import { openCogWriter, openRaster } from "@graticule/data-geotiff";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MapRasterOptions, mapRaster, type WindowModel } from "../src/index.js";
import { makeBrightnessModel } from "./brightness-model.js";

const folder = mkdtempSync(join(tmpdir(), "graticule-map-"));
const scene = join(folder, "scene.tif");
const [width, height] = [150, 110];
const transform = [400_000, 10, 0, 5_000_000, 0, -10] as const;
const plain: MapRasterOptions = { batchSize: 7, probabilities: "uint8", precision: "fp32" };

/** Brighter from west to east, without data in a corner. */
const pixelAt = (row: number, column: number, band: number): number =>
  row + column < 40 ? 0 : 20 + Math.round((200 * column) / width) + band + (row % 3);

beforeAll(async () => {
  const bandNames = ["blue", "green", "red"];
  const options = { width, height, bands: 3, dtype: "uint8", nodata: 0, epsg: 32633, transform, bandNames } as const;
  const writer = await openCogWriter(scene, options);
  const values = Uint8Array.from({ length: 3 * width * height }, (_, at) =>
    pixelAt(Math.floor(at / width) % height, at % width, Math.floor(at / (width * height))),
  );
  await writer.writeWindow({ row: 0, column: 0, width, height }, values);
  await writer.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

async function readAll(path: string) {
  const raster = await openRaster(path);
  return { raster, values: await raster.readWindow({ row: 0, column: 0, width: raster.width, height: raster.height }) };
}

const bytesOf = (base: string): Buffer[] =>
  ["classes.tif", "probabilities.tif", "classes.tif.aux.xml", "json"].map((end) => readFileSync(`${base}.${end}`));

describe("a raster's map", () => {
  test("lies on the source's pixels, with names, nodata and overviews", async () => {
    const base = join(folder, "maps/nested/scene");
    const { files, windows, bytes } = await mapRaster(makeBrightnessModel(), scene, base, plain);
    expect(files).toEqual([`${base}.classes.tif`, `${base}.probabilities.tif`]);
    expect(bytes).toBe(3 * width * height);
    expect(windows).toBe(18 * 13 - 3); // three lie in the corner without data
    const classes = await readAll(files[0] as string);
    const probabilities = await readAll(files[1] as string);
    for (const { raster } of [classes, probabilities])
      expect([raster.width, raster.height, raster.epsg, raster.transform]).toEqual([width, height, 32633, transform]);
    expect([classes.raster.nodata, probabilities.raster.nodata]).toEqual([255, 255]);
    expect(probabilities.raster.bandNames).toEqual(["dark", "medium & so on", "bright"]);
    expect(probabilities.raster.scales).toEqual([0.004, 0.004, 0.004]);
    const plane = width * height;
    for (let at = 0; at < plane; at++) {
      const three = [0, 1, 2].map((output) => probabilities.values[output * plane + at] as number);
      if (Math.floor(at / width) + (at % width) < 40) {
        expect([classes.values[at], ...three]).toEqual([NaN, NaN, NaN, NaN]);
        continue;
      }
      expect(Math.abs(three.reduce((sum, value) => sum + value, 0) - 250)).toBeLessThanOrEqual(1); // each rounded
      expect(three[classes.values[at] as number]).toBe(Math.max(...three));
    }
    // Far from the middle, where brightness changes class.
    expect([classes.values[80 * width + 5], classes.values[80 * width + 145]]).toEqual([0, 2]);
    expect(readFileSync(`${base}.classes.tif.aux.xml`, "utf8")).toContain("<Category>medium &#38; so on</Category>");
    expect(readdirSync(join(folder, "maps/nested")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("of one window has the model's own probabilities", async () => {
    const model = makeBrightnessModel();
    const single: WindowModel = { ...model, imageSize: [128, 160], isDense: true, windowScores: halves };
    const base = join(folder, "single");
    const { files, windows } = await mapRaster(single, scene, base, { ...plain, probabilities: "float32" });
    expect(windows).toBe(1);
    const { values } = await readAll(files[1] as string);
    const plane = width * height;
    for (const [at, output, expected] of [
      [60 * width, 0, 0.7],
      [60 * width + 149, 0, 0.1],
      [60 * width + 79, 1, 0.2],
      [60 * width + 80, 1, 0.3],
    ] as const)
      expect(values[output * plane + at]).toBeCloseTo(expected, 6);
  });

  test("of real values is one file of floats", async () => {
    const model: WindowModel = {
      ...makeBrightnessModel(),
      meaning: { kind: "values", names: ["height"], unit: "m" },
      windowScores: async (images) => ({
        scores: new Float32Array(images.length / 768).fill(-3.5),
        height: 1,
        width: 1,
      }),
    };
    const { files } = await mapRaster(model, scene, join(folder, "real"), { ...plain, resolution: 8 });
    const { raster, values } = await readAll(files[0] as string);
    expect([raster.dtype, raster.bandNames, raster.width, raster.height]).toEqual(["float32", ["height"], 19, 14]);
    expect(raster.transform).toEqual([400_000, 80, 0, 5_000_000, 0, -80]);
    expect(values[0]).toBeNaN();
    expect(values.at(-1)).toBeCloseTo(-3.5, 5);
  });

  test("has the numbers that classes have, and no classes where several may be right", async () => {
    const model = makeBrightnessModel();
    const { classNames } = model.meaning as Extract<WindowModel["meaning"], { kind: "classes" }>;
    const numbered: WindowModel = {
      ...model,
      meaning: { kind: "classes", activation: "softmax", classNames, classValues: [300, 7, 41] },
    };
    const { files } = await mapRaster(numbered, scene, join(folder, "numbered"), { ...plain, probabilities: "none" });
    expect(files.length).toBe(1);
    const { raster, values } = await readAll(files[0] as string);
    expect([raster.dtype, raster.nodata, ...new Set(values)]).toEqual(["uint16", 65_535, NaN, 300, 7, 41]);
    const several: WindowModel = { ...model, meaning: { kind: "classes", activation: "sigmoid", classNames } };
    const { files: probabilities } = await mapRaster(several, scene, join(folder, "several"), plain);
    expect(probabilities).toEqual([join(folder, "several.probabilities.tif")]);
    await expect(mapRaster(several, scene, join(folder, "none"), { ...plain, probabilities: "none" })).rejects.toThrow(
      "No map would be left",
    );
  });

  test("is the same bytes however windows are batched", async () => {
    await mapRaster(makeBrightnessModel(), scene, join(folder, "one"), { ...plain, batchSize: 1 });
    await mapRaster(makeBrightnessModel(), scene, join(folder, "many"), { ...plain, batchSize: 100 });
    expect(bytesOf(join(folder, "many"))).toEqual(bytesOf(join(folder, "one")));
  });

  test("goes on after a kill to the same bytes, and isn't made again", { timeout: 120_000 }, async () => {
    await mapRaster(makeBrightnessModel(), scene, join(folder, "whole"), plain);
    const base = join(folder, "killed");
    const rows = join(folder, ".killed.predicting/rows");
    const code = `
      const { mapRaster } = await import(${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)});
      const { makeBrightnessModel } = await import(${JSON.stringify(new URL("./brightness-model.ts", import.meta.url).href)});
      await mapRaster(makeBrightnessModel(40), ${JSON.stringify(scene)}, ${JSON.stringify(base)}, ${JSON.stringify(plain)});`;
    const node = ["--conditions=@graticule/source", "--import", "tsx", "--input-type=module", "--eval", code];
    const child = spawn(process.execPath, node, { stdio: "ignore" });
    while (!existsSync(rows) || statSync(rows).size < 2000) await setTimeout(10);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(existsSync(`${base}.classes.tif`)).toBe(false);
    const lines: string[] = [];
    const logged = { ...plain, logger: makeLogger((line) => lines.push(line)) };
    const { windows } = await mapRaster(makeBrightnessModel(), scene, base, logged);
    expect(lines).toEqual([
      expect.stringMatching(/train\.lock: taking over from process \d+ on .*, which is gone$/),
      expect.stringMatching(/scene\.tif: going on at row \d+ of 110$/),
    ]);
    expect(windows).toBeLessThan(18 * 13 - 3);
    expect(bytesOf(base)).toEqual(bytesOf(join(folder, "whole")));
    expect((await mapRaster(makeBrightnessModel(), scene, base, logged)).windows).toBe(0);
  });

  test("is made by one process at a time", async () => {
    const base = join(folder, "shared");
    const model = makeBrightnessModel();
    const failures: string[] = [];
    let batches = 0;
    const meeting: WindowModel = {
      ...model,
      async windowScores(images) {
        if (batches++ === 0)
          await mapRaster(model, scene, base, plain).catch((error: Error) => failures.push(error.message));
        return model.windowScores(images);
      },
    };
    const { windows } = await mapRaster(meeting, scene, base, plain);
    expect(windows).toBe(18 * 13 - 3);
    expect(failures).toEqual([
      `${join(folder, ".shared.predicting")}: expected to be the only process that works there, got process ${process.pid} on ${hostname()}. Stop that one, or choose another folder.`,
    ]);
    expect(existsSync(join(folder, ".shared.predicting"))).toBe(false);
  });

  test.each([
    ["the run", { model: { hash: "brightness-2" } }],
    ["the setting 'stride'", { options: { stride: 4 } }],
    ["the source", { touch: true }],
  ] as const)("starts anew when %s has changed", async (what, change) => {
    const base = join(folder, `changed ${what}`);
    let batches = 0;
    const model = makeBrightnessModel();
    const failing: WindowModel = {
      ...model,
      async windowScores(images) {
        if (batches++ === 8) throw new Error("out of memory");
        return model.windowScores(images);
      },
    };
    await expect(mapRaster(failing, scene, base, plain)).rejects.toThrow("out of memory");
    if ("touch" in change) utimesSync(scene, new Date(0), new Date(batches));
    const lines: string[] = [];
    const options = {
      ...plain,
      ...("options" in change && change.options),
      logger: makeLogger((line) => lines.push(line)),
    };
    await mapRaster({ ...model, ...("model" in change && change.model) }, scene, base, options);
    expect(lines).toEqual([`warn: ${scene}: ${what} has changed since unfinished rows were kept; starting anew`]);
  });

  test("names the channel that a raster has no band for", async () => {
    const model = makeBrightnessModel();
    const schema = model.schema.map((channel) => (channel.name === "green" ? { ...channel, name: "nir" } : channel));
    const map = (changes: Partial<WindowModel>, options: Partial<MapRasterOptions> = {}) =>
      mapRaster({ ...model, ...changes }, scene, join(folder, "bands"), { ...plain, ...options });
    await expect(map({ schema })).rejects.toThrow(
      "expected a band for each of the run's channels red, nir, blue, got none for 'nir' among blue, green, red. Say which with --bands",
    );
    await expect(map({}, { bands: ["red", 1] })).rejects.toThrow("expected 3 bands, for red, green, blue, got 2");
    await expect(map({}, { resolution: 3 })).rejects.toThrow(RangeError);
    expect((await map({ schema, bands: [2, 1, 0] })).windows).toBeGreaterThan(0);
  });
});

/** 0.7, 0.2, 0.1 in the western half of a window, the other way round in the eastern one. */
async function halves() {
  return { scores: Float32Array.of(0.7, 0.2, 0.1, 0.1, 0.3, 0.6), height: 1, width: 2 };
}
