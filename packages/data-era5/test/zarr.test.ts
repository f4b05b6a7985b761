import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openDataset } from "../src/index.js";
import { expectSameValues, fixturePath, readExpected } from "./expected.js";
import { unzipTo } from "./unzip-to.js";
import { shardedStore } from "./write-zarr.js";

const folder = makeTemporaryFolder();
const expected = readExpected("zarr")["codecs.zarr.zip"] ?? {};

test("a zip of arrays in every codec reads as zarr reads it", async () => {
  const dataset = await openDataset(fixturePath("codecs.zarr.zip"));
  await expectSameValues(dataset, expected);
  expect(dataset.format).toBe("Zarr v2");
  expect(dataset.skipped).toEqual({ lzma: "its codec lzma is not supported", text: "it holds text or objects" });
  await dataset.close();
});

test("a folder reads alike, listed or by its consolidated metadata", async () => {
  const root = join(folder.path, "codecs.zarr");
  await unzipTo(fixturePath("codecs.zarr.zip"), root);
  await expectSameValues(await openDataset(root), expected);
  folder.write("codecs.zarr/.zmetadata", readFileSync(fixturePath("consolidated.zmetadata")));
  await expectSameValues(await openDataset(root), expected);
});

test("a part of an array reads the chunks that it touches, in any order of storage", async () => {
  const dataset = await openDataset(fixturePath("codecs.zarr.zip"));
  for (const name of ["blosc_lz4", "blosc_bits", "blosc_small", "fortran", "shuffled", "bz2"]) {
    const variable = dataset.variables.get(name);
    const whole = await variable?.read();
    const part = await variable?.read({
      [`${name}_dim_0`]: { start: 3, stop: 19, step: 5 },
      [`${name}_dim_1`]: { start: 7, stop: 13 },
    });
    const rows = [3, 8, 13, 18].flatMap((row) => [...(whole?.data.subarray(row * 13 + 7, row * 13 + 13) ?? [])]);
    expect([name, ...(part?.data ?? [])]).toEqual([name, ...rows]);
  }
});

test("Zarr v3: shards, their index at either end, chunks that were never written, other key encodings", async () => {
  for (const indexLocation of ["end", "start"] as const) {
    for (const [key, bytes] of shardedStore(indexLocation)) folder.write(`v3-${indexLocation}/${key}`, bytes);
    const dataset = await openDataset(join(folder.path, `v3-${indexLocation}`));
    expect([dataset.format, dataset.dimensions]).toEqual([
      "Zarr v3",
      { "group/time": 5, "group/x": 6, turned_dim_0: 2, turned_dim_1: 3 },
    ]);
    const { data } = (await dataset.variables.get("group/sharded")?.read()) ?? {};
    const values = Array.from({ length: 30 }, (_, index) => {
      const [row, column] = [Math.floor(index / 6), index % 6];
      return row >= 2 && row < 4 && column >= 3 ? NaN : index;
    });
    expect([...(data ?? [])]).toEqual(values);
    const column = await dataset.variables.get("group/sharded")?.read({ "group/x": 4 });
    expect([...(column?.data ?? [])]).toEqual([4, 10, NaN, NaN, 28]);
    const turned = await dataset.variables.get("turned")?.read();
    expect([...(turned?.data ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
  }
});

test("a store and a file are read over HTTP, by ranges", async () => {
  await unzipTo(fixturePath("codecs.zarr.zip"), join(folder.path, "unlisted.zarr"));
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url as string);
    requests.push(`${path} ${request.headers.range ?? ""}`.trim());
    let bytes: Buffer;
    try {
      bytes = readFileSync(path.startsWith("/groups") ? fixturePath("groups.nc") : join(folder.path, path));
    } catch {
      response.writeHead(404).end();
      return;
    }
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
    if (first === undefined) response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    else {
      const part = bytes.subarray(Number(first), Number(last) + 1);
      const range = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`;
      response.writeHead(206, { "content-range": range, "content-length": part.length }).end(part);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await expectSameValues(await openDataset(`${base}/groups.nc`), readExpected("netcdf")["groups.nc"] ?? {});
    const store = await openDataset(`${base}/codecs.zarr`);
    requests.length = 0;
    await store.variables.get("zlib")?.read({ zlib_dim_0: 0, zlib_dim_1: 0 });
    expect(requests).toEqual(["/codecs.zarr/zlib/0.0"]);
    await expectSameValues(store, expected);
    await expect(openDataset(`${base}/nothing`)).rejects.toThrow(/404/);
    for (const name of ["v3-end", "unlisted.zarr"]) {
      const error = await openDataset(`${base}/${name}`).catch((caught: Error) => caught.message.replace(base, ""));
      expect(error).toBe(
        `/${name}: expected consolidated metadata, since this store can't be listed, got none. Write it: \`zarr.consolidate_metadata(store)\`; or open one array by its own address, as STORE/NAME.`,
      );
    }
    for (const path of ["v3-end/group/sharded", "unlisted.zarr/zlib"]) {
      const alone = await openDataset(`${base}/${path}`);
      expect((await alone.variables.get("data")?.read())?.data.length).toBe(path.startsWith("v3") ? 30 : 247);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
