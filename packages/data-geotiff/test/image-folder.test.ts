import { makeLoader, measureChannels } from "@graticule/data";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { imageFolderSpec, openImageFolder } from "../src/index.js";
import { writeTiff } from "./write-tiff.js";

const folder = makeTemporaryFolder();

async function writePng(name: string, red: number): Promise<void> {
  const picture = sharp({ create: { width: 4, height: 3, channels: 3, background: { r: red, g: 100, b: 200 } } });
  folder.write(name, await picture.png().toBuffer());
}

beforeAll(async () => {
  for (const [split, count] of Object.entries({ train: 3, test: 1 }))
    for (const name of ["water", "forest"])
      for (let index = 0; index < count; index++) await writePng(`splits/${split}/${name}/${index}.png`, index);
  for (const name of ["a", "b"])
    for (let index = 0; index < 20; index++) await writePng(`classes/${name}/${index}.PNG`, index);
  for (let index = 0; index < 10; index++) await writePng(`flat/${index}.png`, index);
  folder.write("flat/notes.txt", "no image");
  folder.write("flat/.hidden.png", "no image");
});

test("root/{train,val,test}/class/* gives each split its files, with the classes of all splits sorted", async () => {
  const train = await openImageFolder({ root: `${folder.path}/splits`, split: "train" });
  expect([train.length, train.classNames, train.schema.map(({ name }) => name)]).toEqual([
    6,
    ["forest", "water"],
    ["red", "green", "blue"],
  ]);
  const sample = await train.read(5);
  expect([sample.id, sample.label, sample.shape]).toEqual(["train/water/2.png", 1, [3, 3, 4]]);
  expect(sample.pixels).toEqual(Float32Array.from([2, 100, 200].flatMap((value) => new Array(12).fill(value))));
  expect((await openImageFolder({ root: `${folder.path}/splits` })).length).toBe(8);
  const message = await openImageFolder({ root: `${folder.path}/splits`, split: "val" }).catch(
    (error) => error.message,
  );
  expect(message.replace(folder.path, "")).toMatchInlineSnapshot(
    `"openImageFolder '/splits': expected images of split 'val', got those of train and test. Use one of these."`,
  );
});

test("root/class/* is split by class, the same for a seed, nothing lost", async () => {
  const ids = async (split: "train" | "val" | "test", seed: number) => {
    const dataset = await openImageFolder({ root: `${folder.path}/classes`, split, seed });
    const samples = await Promise.all(Array.from({ length: dataset.length }, (_, index) => dataset.read(index)));
    return samples.map(({ id }) => id);
  };
  const [train, val, test] = [await ids("train", 1), await ids("val", 1), await ids("test", 1)];
  expect([train.length, val.length, test.length]).toEqual([32, 4, 4]);
  expect(new Set([...train, ...val, ...test]).size).toBe(40);
  expect(val.filter((id) => id.startsWith("a/"))).toHaveLength(2);
  expect(await ids("val", 1)).toEqual(val);
  expect(await ids("val", 2)).not.toEqual(val);
});

test("a folder without classes gives samples without labels", async () => {
  const dataset = await openImageFolder({ root: `${folder.path}/flat`, bands: ["blue", 0] });
  const sample = await dataset.read(3);
  expect([dataset.length, dataset.classNames, "label" in sample, sample.id]).toEqual([10, undefined, false, "3.png"]);
  expect([sample.pixels[0], sample.pixels[12]]).toEqual([200, 3]);
});

test("16-bit PNGs keep their range, gray ones have one band, alpha is left out", async () => {
  const gray = Uint16Array.of(0, 1000, 40000, 65535);
  const png = sharp(gray, { raw: { width: 2, height: 2, channels: 1 } })
    .toColourspace("grey16")
    .png();
  folder.write("gray/a.png", await png.toBuffer());
  const dataset = await openImageFolder({ root: `${folder.path}/gray` });
  expect(dataset.schema).toEqual([{ name: "band1" }]);
  expect((await dataset.read(0)).pixels).toEqual(Float32Array.from(gray));
  const clear = sharp({ create: { width: 2, height: 2, channels: 4, background: { r: 9, g: 8, b: 7, alpha: 0.5 } } });
  folder.write("alpha/a.png", await clear.png().toBuffer());
  const sample = await (await openImageFolder({ root: `${folder.path}/alpha` })).read(0);
  expect([...sample.pixels]).toEqual([9, 9, 9, 9, 8, 8, 8, 8, 7, 7, 7, 7]);
});

test("a broken first file doesn't hide the folder; it and a file with other bands are named when read", async () => {
  const tiff = (bands: number) => writeTiff({ width: 2, height: 2, bands, pixels: new Array(4 * bands).fill(5) });
  folder.write("mixed/0-broken.tif", "text");
  folder.write("mixed/1.tif", tiff(4));
  folder.write("mixed/2.tif", tiff(2));
  const schema = ["b", "g", "r", "n"].map((name) => ({ name }));
  const dataset = await openImageFolder({ root: `${folder.path}/mixed`, schema });
  expect(dataset.schema).toEqual(schema);
  await expect(dataset.read(0)).rejects.toThrow(/0-broken\.tif: expected a JPEG, PNG or TIFF image/);
  await expect(dataset.read(2)).rejects.toThrow(/2\.tif: expected 4 bands as in the folder's first image, got 2\./);
  const { statistics } = await measureChannels(dataset);
  expect(statistics[3]).toEqual({ count: 4, mean: 5, std: 0, min: 5, max: 5 });
});

test("worker threads open the same folder and give the same batches", async () => {
  const collect = async (numWorkers: number) => {
    const loader = await makeLoader({
      dataset: imageFolderSpec({ root: `${folder.path}/splits`, split: "train" }),
      batchSize: 4,
      seed: 1,
      shuffle: true,
      dropLast: false,
      transforms: [
        { kind: "randomResizedCrop", size: [2, 2], scale: [0.5, 1], ratio: [1, 1], interpolation: "bilinear" },
      ],
      numWorkers,
      prefetchBatches: 2,
      onCorrupt: "fail",
    });
    const batches = [];
    for await (const batch of loader.epoch(0)) batches.push(batch);
    await loader.close();
    return batches;
  };
  const inProcess = await collect(0);
  expect(inProcess).toHaveLength(2);
  expect(await collect(2)).toEqual(inProcess);
});

test("folders that don't exist or hold no images say what is expected", async () => {
  const message = (root: string) =>
    openImageFolder({ root }).catch((error) => error.message.replaceAll(folder.path, ""));
  folder.write("bare/readme.txt", "no images here");
  expect(await message(`${folder.path}/none`)).toMatchInlineSnapshot(
    `"openImageFolder: expected a folder, got '/none'. Check the path."`,
  );
  expect(await message(`${folder.path}/bare`)).toMatchInlineSnapshot(
    `"openImageFolder: expected images (.jpg, .png, .tif) below '/bare', got none. Put them in /bare/CLASS or /bare/train/CLASS."`,
  );
});
