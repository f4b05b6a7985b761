import { gzipSync } from "node:zlib";
import { crc32c } from "@graticule/core";

const group = { zarr_format: 3, node_type: "group", attributes: {} };
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const bytesCodec = { name: "bytes", configuration: { endian: "little" } };

/**
 * The objects of a Zarr v3 store, laid out by hand after the specification: `group/sharded` [5, 6] counts from 0 in
 * shards of [4, 6] and chunks of [2, 3], and lacks the chunk at rows 2 to 3, columns 3 to 5; `turned` [2, 3] is stored
 * column by column.
 */
export function shardedStore(indexLocation: "start" | "end"): Map<string, Uint8Array> {
  const array = {
    zarr_format: 3,
    node_type: "array",
    shape: [5, 6],
    data_type: "float32",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [4, 6] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: "NaN",
    dimension_names: ["time", "x"],
    attributes: {},
    codecs: [
      {
        name: "sharding_indexed",
        configuration: {
          chunk_shape: [2, 3],
          codecs: [bytesCodec, { name: "gzip", configuration: { level: 1 } }, { name: "crc32c" }],
          index_codecs: [bytesCodec, { name: "crc32c" }],
          index_location: indexLocation,
        },
      },
    ],
  };
  const turned = {
    ...array,
    shape: [2, 3],
    chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3] } },
    chunk_key_encoding: { name: "v2" },
    data_type: "int16",
    fill_value: 0,
    dimension_names: null,
    codecs: [
      { name: "transpose", configuration: { order: [1, 0] } },
      { name: "bytes", configuration: { endian: "big" } },
    ],
  };
  return new Map([
    ["zarr.json", json(group)],
    ["group/zarr.json", json(group)],
    ["group/sharded/zarr.json", json(array)],
    ["group/sharded/c/0/0", shard(0, indexLocation)],
    ["group/sharded/c/1/0", shard(1, indexLocation)],
    ["turned/zarr.json", json(turned)],
    ["turned/0.0", Uint8Array.of(0, 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5)],
  ]);
}

function shard(number: number, indexLocation: "start" | "end"): Uint8Array {
  const index = new BigUint64Array(8).fill(2n ** 64n - 1n);
  const chunks: Uint8Array[] = [];
  let offset = indexLocation === "start" ? index.byteLength + 4 : 0;
  for (let chunk = 0; chunk < 4; chunk++) {
    const [row, column] = [4 * number + 2 * Math.floor(chunk / 2), 3 * (chunk % 2)];
    if (row > 4 || (row === 2 && column === 3)) continue;
    const values = Float32Array.from({ length: 6 }, (_, at) => (row + Math.floor(at / 3)) * 6 + column + (at % 3));
    const bytes = withChecksum(gzipSync(new Uint8Array(values.buffer)));
    index[2 * chunk] = BigInt(offset);
    index[2 * chunk + 1] = BigInt(bytes.length);
    chunks.push(bytes);
    offset += bytes.length;
  }
  const stored = withChecksum(new Uint8Array(index.buffer));
  return Buffer.concat(indexLocation === "start" ? [stored, ...chunks] : [...chunks, stored]);
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32c(bytes));
  return Buffer.concat([bytes, checksum]);
}
