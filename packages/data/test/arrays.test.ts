import { expect, test } from "vitest";
import * as arrays from "../src/arrays.js";

test("the public names of @graticule/data/arrays are these", () => {
  expect(Object.keys(arrays).sort()).toMatchInlineSnapshot(`
    [
      "KERNEL_ROOM",
      "KERNEL_START",
      "chunkBytesOf",
      "copyBox",
      "decodeBlosc",
      "decodeBzip2",
      "decodeLz4",
      "decodeZstd",
      "findSuperblock",
      "giveScratch",
      "inflateBytes",
      "itemBytesOf",
      "makeChunk",
      "makeChunkCache",
      "makePagedSource",
      "numbersOf",
      "openBlosc",
      "openChunkMemory",
      "openHdf5",
      "product",
      "readChunked",
      "readStrided",
      "rowMajorStrides",
      "scopeCache",
      "takeScratch",
      "toStoredValues",
      "unshuffleAll",
    ]
  `);
});
