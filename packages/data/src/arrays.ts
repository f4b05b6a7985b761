/**
 * `@graticule/data/arrays`: what readers of files that hold arrays are built on. Number types, regions of arrays that lie
 * in strides or in chunks, codecs of chunks, and HDF5.
 *
 * ```ts
 * import { openFileSource } from "@graticule/data";
 * import { findSuperblock, makeChunkCache, openHdf5 } from "@graticule/data/arrays";
 * const source = await openFileSource("cube.h5");
 * const { variables } = await openHdf5(source, (await findSuperblock(source)) ?? 0, makeChunkCache(2 ** 26));
 * const values = await variables[0]?.read({ start: [0, 0], count: [4, 4], step: [1, 1] });
 * ```
 */
export { type ChunkCache, makeChunkCache, scopeCache } from "./arrays/chunk-cache.js";
export { type Chunk, chunkBytesOf, makeChunk, readChunked } from "./arrays/chunked-read.js";
export { copyBox } from "./arrays/copy-box.js";
export { makePagedSource } from "./arrays/paged-source.js";
export { product, type Region, rowMajorStrides } from "./arrays/region.js";
export { giveScratch, takeScratch } from "./arrays/scratch.js";
export { itemBytesOf, type StoredDtype, type StoredValues, toStoredValues } from "./arrays/stored-dtype.js";
export { type AttributeValue, numbersOf, type StoredDataset, type StoredVariable } from "./arrays/stored-variable.js";
export { readStrided, type StridedLayout } from "./arrays/strided-read.js";
export { unshuffleAll } from "./arrays/unshuffle.js";
export { decodeBlosc, openBlosc } from "./codecs/blosc.js";
export { decodeBzip2 } from "./codecs/bzip2.js";
export { KERNEL_ROOM, KERNEL_START, openChunkMemory } from "./codecs/chunk-memory.js";
export { inflateBytes } from "./codecs/inflate.js";
export { decodeLz4 } from "./codecs/lz4.js";
export { decodeZstd } from "./codecs/zstd.js";
export { findSuperblock } from "./hdf5/hdf5-file.js";
export { type Hdf5Dataset, openHdf5 } from "./hdf5/open-hdf5.js";
