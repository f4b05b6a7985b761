import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeLoader } from "@graticule/data";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { makeZip } from "../../data/test/make-archives.js";
import { openBenchmarkFrom } from "../src/benchmarks/scene-benchmark.js";
import {
  BIG_EARTH_NET_19,
  BIG_EARTH_NET_43,
  bigEarthNetSpec,
  openBigEarthNet,
  openSceneBenchmark,
  SCENE_BENCHMARKS,
  type SceneBenchmark,
} from "../src/index.js";
import { writeTiff } from "./write-tiff.js";

const folder = makeTemporaryFolder();
const root = fileURLToPath(new URL("../../../../shared/data/scene/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";

/** A benchmark of two classes in 4 by 5 pixels. */
const image = (value: number): Uint8Array =>
  writeTiff({ width: 5, height: 4, bands: 3, pixels: new Array(60).fill(value) });
const names = ["river", "lake"].flatMap((name) => [0, 1, 2, 3].map((number) => `Tiny/${name}/${name}${number}.tif`));
const archive = makeZip(names.map((name, value) => ({ name, bytes: image(value) })));
const list = "river1.jpg\nlake2.jpg\nlake0.jpg\n";
const md5 = (bytes: Uint8Array | string) =>
  ({ algorithm: "md5", hex: createHash("md5").update(bytes).digest("hex") }) as const;
const served: Record<string, Uint8Array | string> = { "/tiny.zip": archive, "/tiny-train.txt": list };
let url = "";
const server = createServer((request, response) => {
  const body = served[request.url as string];
  response.writeHead(body === undefined ? 404 : 200, { "content-length": body?.length ?? 0 }).end(body);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const makeTiny = (): SceneBenchmark => {
  const file = (name: string, bytes: Uint8Array | string) => ({ name, url: `${url}/${name}`, checksum: md5(bytes) });
  const train = file("tiny-train.txt", list);
  return {
    title: "Tiny",
    classNames: ["river", "lake"],
    imagesPerClass: 4,
    images: 8,
    imageSize: [4, 5],
    bandNames: ["red", "green", "blue"],
    folders: ["Tiny", "."],
    archive: file("tiny.zip", archive),
    splitLists: { train, val: { ...train, name: "tiny-val.txt" }, test: { ...train, name: "tiny-test.txt" } },
    trainFraction: 0.25,
  };
};
let roots = 0;
const newRoot = (): string => {
  const path = join(folder.path, `root${roots++}`);
  mkdirSync(path);
  return path;
};
const message = (promise: Promise<unknown>, base: string): Promise<string> =>
  promise.then(
    () => "no error",
    (error: Error) => `${error.name}: ${error.message.replaceAll(base, "ROOT").replaceAll(url, "SERVER")}`,
  );

describe("a scene benchmark", () => {
  test("is fetched, verified, extracted and read with its official labels", async () => {
    const base = newRoot();
    const dataset = await openBenchmarkFrom(makeTiny(), { root: base, split: "train", download: true });
    expect(readdirSync(base).sort()).toEqual(["Tiny", "tiny-train.txt", "tiny.zip"]);
    expect([dataset.length, dataset.classNames]).toEqual([3, ["river", "lake"]]);
    // The list's order, whatever the extension: river1, lake2, lake0
    const samples = await Promise.all([0, 1, 2].map((index) => dataset.read(index)));
    expect(samples.map(({ id, label, pixels }) => [id, label, pixels[0]])).toEqual([
      ["river/river1.tif", 0, 1],
      ["lake/lake2.tif", 1, 6],
      ["lake/lake0.tif", 1, 4],
    ]);
    // Nothing more is fetched, and workers need no download.
    expect((await openBenchmarkFrom(makeTiny(), { root: base, bands: ["blue"] })).length).toBe(8);
  });

  test("that is not there says what to fetch and where to put it", async () => {
    const base = newRoot();
    expect(await message(openBenchmarkFrom(makeTiny(), { root: base }), base)).toMatchInlineSnapshot(
      `"ConfigError: openSceneBenchmark (Tiny): expected 'ROOT/tiny.zip', got no such file. Set download to true, or fetch SERVER/tiny.zip (md5 ef7cd350d42812d413a7079bd93d26ef) and put it there."`,
    );
    expect(await message(openSceneBenchmark({ name: "aid", root: base, download: true }), base)).toMatchInlineSnapshot(
      `"ConfigError: openSceneBenchmark (AID): expected images in 'ROOT/AID', got none, and nothing can be downloaded. AID's authors publish it on cloud drives alone: follow the links on https://captain-whu.github.io/AID/, or take the copy at https://huggingface.co/datasets/blanchon/AID, and put its 30 class folders into 'AID' below 'ROOT'."`,
    );
    expect(await message(openSceneBenchmark({ name: "million-aid", root: base }), base)).toMatchInlineSnapshot(
      `"ConfigError: openSceneBenchmark (MillionAID, labeled images): expected images in 'ROOT/train', got none, and nothing can be downloaded. Get train.zip (MD5 1b40503cafa9b0601653ca36cd788852) through https://captain-whu.github.io/DiRS/ and extract it as 'train' below 'ROOT'."`,
    );
    await openBenchmarkFrom(makeTiny(), { root: base, download: true });
    expect(await message(openBenchmarkFrom(makeTiny(), { root: base, split: "val" }), base)).toMatchInlineSnapshot(
      `"ConfigError: openSceneBenchmark (Tiny): expected 'ROOT/tiny-val.txt', got no such file. Set download to true, or fetch SERVER/tiny-train.txt (md5 b2caa3d8afd85d66556c9616214dc811) and put it there."`,
    );
  });

  test("whose archive or list was replaced is refused", async () => {
    const base = newRoot();
    const damaged = { ...makeTiny(), archive: { ...makeTiny().archive, checksum: md5("other") } } as SceneBenchmark;
    expect(await message(openBenchmarkFrom(damaged, { root: base, download: true }), base)).toMatch(
      /^FormatError: SERVER\/tiny\.zip: expected md5 795f3202b17cb6bc3d4b771d8c6c9eaf, got/,
    );
    expect(readdirSync(base)).toEqual([]);
    folder.write(join(base.slice(folder.path.length), "tiny.zip"), archive.slice(5));
    expect(await message(openBenchmarkFrom(makeTiny(), { root: base }), base)).toMatch(/ROOT\/tiny\.zip: expected md5/);
    const real = { name: "uc-merced", root: newRoot(), download: true, mirror: url } as const;
    served["/UCMerced_LandUse.zip"] = "another file";
    await expect(openSceneBenchmark(real)).rejects.toThrow(/expected md5 5b7ec56793786b6dc8a908e8854ac0e4, got/);
  });

  test("with images missing, of another size or beside the classes is refused, or taken in part", async () => {
    const base = newRoot();
    const write = (name: string, bytes: Uint8Array) => folder.write(join(base.slice(folder.path.length), name), bytes);
    for (const name of names.slice(0, 7)) write(name, image(1));
    const options = { root: base };
    expect(await message(openBenchmarkFrom(makeTiny(), options), base)).toMatchInlineSnapshot(
      `"ConfigError: openSceneBenchmark (Tiny): expected 4 images of class 'lake' in 'ROOT/Tiny', got 3. Fetch the benchmark again, or set partial to true to use a part of it."`,
    );
    expect((await openBenchmarkFrom(makeTiny(), { ...options, partial: true })).length).toBe(7);
    write("Tiny/lake/lake3.tif", writeTiff({ width: 9, height: 4, bands: 3, pixels: new Array(108).fill(0) }));
    expect(await message(openBenchmarkFrom(makeTiny(), options), base)).toMatchInlineSnapshot(
      `"FormatError: ROOT/Tiny/lake/lake3.tif: expected an image of 5 by 4 pixels as in Tiny, got 9 by 4. This may be another benchmark's folder."`,
    );
    write("Tiny/sea/a.tif", image(1));
    expect(await message(openBenchmarkFrom(makeTiny(), options), base)).toMatchInlineSnapshot(
      `"ConfigError: openSceneBenchmark (Tiny): expected images in folders named by class, such as 'river', got 'sea/a.tif' in 'ROOT/Tiny'. Remove what doesn't belong to the benchmark."`,
    );
  });

  test("is split by a seeded draw, or by lists of one's own", async () => {
    const base = newRoot();
    await openBenchmarkFrom(makeTiny(), { root: base, download: true });
    const ids = async (more: object): Promise<string[]> => {
      const dataset = await openBenchmarkFrom(makeTiny(), { root: base, ...more });
      return Promise.all(Array.from({ length: dataset.length }, async (_, index) => (await dataset.read(index)).id));
    };
    const train = await ids({ split: "train", trainFraction: 0.25, seed: 4 });
    const test = await ids({ split: "test", trainFraction: 0.25, seed: 4 });
    expect(train.map((id) => id.split("/")[0])).toEqual(["lake", "river"]);
    expect([...train, ...test].sort()).toEqual(await ids({}));
    const own = folder.write("own.txt", "some/where/lake3.jpg lake 1\nsome/where/river0.jpg river 0\n");
    expect(await ids({ split: "val", lists: { val: own } })).toEqual(["lake/lake3.tif", "river/river0.tif"]);
    const missing = folder.write("missing.txt", "sea9.jpg");
    expect(await message(ids({ split: "test", lists: { test: missing } }), folder.path)).toMatch(
      /expected the image 'sea9\.jpg' that 'ROOT\/missing\.txt' lists, got no such file/,
    );
  });

  test("has as many classes and images as its authors say", () => {
    const facts = Object.entries(SCENE_BENCHMARKS as Record<string, SceneBenchmark>).map(
      ([name, { classNames, imagesPerClass: each, images }]) => {
        const sum = typeof each === "number" ? each * classNames.length : each?.reduce((a, b) => a + b, 0);
        return [name, new Set(classNames).size, sum ?? images, images];
      },
    );
    expect(facts).toEqual([
      ["eurosat-ms", 10, 27_000, 27_000],
      ["eurosat-rgb", 10, 27_000, 27_000],
      ["uc-merced", 21, 2100, 2100],
      ["aid", 30, 10_000, 10_000],
      ["nwpu-resisc45", 45, 31_500, 31_500],
      ["million-aid", 51, undefined, undefined],
    ]);
  });
});

describe("BigEarthNet", () => {
  test("has 43 classes, of which 32 become 19", () => {
    expect([BIG_EARTH_NET_43.length, new Set(BIG_EARTH_NET_43).size]).toEqual([43, 43]);
    expect(BIG_EARTH_NET_19).toMatchInlineSnapshot(`
      [
        "Urban fabric",
        "Industrial or commercial units",
        "Arable land",
        "Permanent crops",
        "Pastures",
        "Complex cultivation patterns",
        "Land principally occupied by agriculture, with significant areas of natural vegetation",
        "Agro-forestry areas",
        "Broad-leaved forest",
        "Coniferous forest",
        "Mixed forest",
        "Natural grassland and sparsely vegetated areas",
        "Moors, heathland and sclerophyllous vegetation",
        "Transitional woodland, shrub",
        "Beaches, dunes, sands",
        "Inland wetlands",
        "Coastal wetlands",
        "Inland waters",
        "Marine waters",
      ]
    `);
  });

  test("says what to fetch; a damaged list is named", async () => {
    const base = newRoot();
    expect(await message(openBigEarthNet({ root: base }), base)).toMatchInlineSnapshot(
      `"ConfigError: openBigEarthNet: expected 'ROOT/BigEarthNet-S2-v1.0.tar.gz', got no such file. Set download to true, or fetch https://zenodo.org/records/12687186/files/BigEarthNet-S2-v1.0.tar.gz (md5 5a64e9ce38deb036a435a7b59494924c) and put it there."`,
    );
    mkdirSync(join(base, "S2"));
    expect(await message(openBigEarthNet({ root: base }), base)).toMatch(/expected patches in 'ROOT\/S2', got none/);
    const csv = join(base.slice(folder.path.length), "bigearthnet-val.csv");
    folder.write(csv, "S2A_1,S1A_1\n../../etc,x\n");
    expect(await message(openBigEarthNet({ root: base, split: "val" }), base)).toMatchInlineSnapshot(
      `"FormatError: ROOT/bigearthnet-val.csv: expected two names of patches in line 2, got "../../etc,x"."`,
    );
    folder.write(csv, "S2A_1,S1A_1\n");
    const dataset = await openBigEarthNet({ root: base, split: "val", bands: [] as string[] }).catch(() => undefined);
    expect(dataset).toBeUndefined();
    for (const [text, expected] of [
      ["{", /expected JSON/],
      ["[]", /expected a list 'labels', got none/],
      ['{"labels":["Moon"]}', /expected labels among BigEarthNet's 43 classes, got "Moon"/],
    ] as const) {
      folder.write(join(base.slice(folder.path.length), "S2/S2A_1/S2A_1_labels_metadata.json"), text);
      const tiff = writeTiff({ width: 60, height: 60, bands: 1, pixels: new Array(3600).fill(1) });
      folder.write(join(base.slice(folder.path.length), "S2/S2A_1/S2A_1_B05.tif"), tiff);
      const broken = await openBigEarthNet({ root: base, split: "val", bands: ["B05"] });
      await expect(broken.read(0)).rejects.toThrow(expected);
    }
  });

  test("takes patches from the published lists, or shares out those on disk", async () => {
    const base = newRoot();
    const root = base.slice(folder.path.length);
    const tiff = writeTiff({ width: 60, height: 60, bands: 1, pixels: new Array(3600).fill(1) });
    for (const name of ["S2A_1", "S2A_2", "S2A_3", "S2A_4"]) {
      folder.write(join(root, `S2/${name}/${name}_B05.tif`), tiff);
      folder.write(join(root, `S2/${name}/${name}_labels_metadata.json`), '{"labels":["Pastures"]}');
    }
    const ids = async (options: object) => {
      const dataset = await openBigEarthNet({ root: base, bands: ["B05"], ...options });
      const samples = Array.from({ length: dataset.length }, async (_, index) => (await dataset.read(index)).id);
      return Promise.all(samples);
    };
    folder.write(join(root, "bigearthnet-test.csv"), "S2A_3,S1A_3\nS2A_1,S1A_1\n");
    expect(await ids({ split: "test" })).toEqual(["S2A_3", "S2A_1"]);
    const splitFractions = { train: 0.5, val: 0.25, test: 0.25 };
    const shares = await Promise.all(
      (["train", "val", "test"] as const).map((split) => ids({ split, splitFractions })),
    );
    expect(shares.map(({ length }) => length)).toEqual([2, 1, 1]);
    expect(shares.flat().sort()).toEqual(["S2A_1", "S2A_2", "S2A_3", "S2A_4"]);
    expect(await ids({ split: "train", splitFractions })).toEqual(shares[0]);
  });
});

describe.skipIf(!present)(`benchmarks on disk${reason}`, () => {
  test("UC Merced, as JPEG in train and test folders, whole", async () => {
    const options = { name: "uc-merced", root: `${root}ucmerced_jpg` } as const;
    expect((await openSceneBenchmark(options)).length).toBe(2100);
    const held = await openSceneBenchmark({ ...options, split: "test" });
    expect([held.length, (await held.read(419)).label, (await held.read(0)).label]).toEqual([420, 20, 0]);
    // The probe's usual draw: half of each class
    expect((await openSceneBenchmark({ ...options, split: "train", trainFraction: 0.5 })).length).toBe(1050);
  });

  test("EuroSAT, a few images of two classes, with the labels of ten", async () => {
    const options = { name: "eurosat-ms", root: `${root}eurosat_ms_small` } as const;
    await expect(openSceneBenchmark(options)).rejects.toThrow(/expected 3000 images of class 'AnnualCrop' in/);
    const dataset = await openSceneBenchmark({ ...options, partial: true, bands: ["B04", "B8A"] });
    const { shape, label, pixels } = await dataset.read(5);
    expect([dataset.length, shape, label]).toEqual([6, [2, 64, 64], 1]);
    const all = await (await openSceneBenchmark({ ...options, partial: true })).read(5);
    expect([pixels[0], pixels[4096]]).toEqual([all.pixels[3 * 4096], all.pixels[12 * 4096]]);
  });

  test("BigEarthNet's example patches, both sensors paired, through a loader", async () => {
    const options = { root: `${root}bigearthnet_example`, sensors: "both" } as const;
    const dataset = await openBigEarthNet(options);
    expect([dataset.length, dataset.schema.length]).toEqual([6, 14]);
    const { id, arrays, pixels } = await dataset.read(0);
    expect(id).toBe("S2A_MSIL2A_20170613T101031_87_48");
    const labels = Array.from(arrays?.labels?.data ?? []).flatMap((value, label) =>
      value ? BIG_EARTH_NET_19[label] : [],
    );
    expect(labels).toEqual([
      "Arable land",
      "Land principally occupied by agriculture, with significant areas of natural vegetation",
    ]);
    // B05 at 20 m, as rasterio 1.3.5 reads it with out_shape (120, 120) and bilinear resampling, rounded
    expect(Array.from(pixels.subarray(6 * 14_400 + 121, 6 * 14_400 + 124), Math.round)).toEqual([1790, 1777, 1614]);
    const loader = await makeLoader({
      dataset: bigEarthNetSpec({ ...options, sensors: "s2", numClasses: 43 }),
      batchSize: 3,
      seed: 0,
      shuffle: true,
      dropLast: false,
      transforms: [],
      numWorkers: 1,
      prefetchBatches: 1,
      onCorrupt: "fail",
    });
    const shapes: unknown[] = [];
    for await (const batch of loader.epoch(0)) shapes.push([batch.shape, batch.arrays?.labels?.shape]);
    await loader.close();
    expect(shapes).toEqual(
      new Array(2).fill([
        [3, 12, 120, 120],
        [3, 43],
      ]),
    );
  });
});
