import { inflateSync } from "node:zlib";
import type { Chunk } from "../arrays/chunked-read.js";
import { unshuffle } from "../arrays/unshuffle.js";
import { unshuffleBits } from "./bitshuffle.js";
import { decodeBlosclz } from "./blosclz.js";
import { type ChunkMemory, KERNEL_ROOM, KERNEL_START, openChunkMemory } from "./chunk-memory.js";
import { decodeLz4Within } from "./lz4.js";
import { loadZstd } from "./zstd.js";

/** Decodes one stream of a block into `target`, which it fills exactly. */
type StreamDecoder = (source: Uint8Array, target: Uint8Array) => void;

/** A frame's header, and the decoder of its streams. */
interface BloscFrame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly itemBytes: number;
  readonly totalBytes: number;
  readonly blockBytes: number;
  readonly isCopy: boolean;
  readonly isSplit: boolean;
  readonly shuffle: "none" | "bytes" | "bits";
  readonly decodeStream: StreamDecoder | "lz4";
}

const HEADER_BYTES = 16;
/** Blocks are split into one stream for each byte of an element if those are this few, and this long. */
const MOST_STREAMS = 16;
const LEAST_STREAM_BYTES = 128;

/**
 * Opens a Blosc frame of `expectedBytes` bytes. Blocks are decoded when elements of
 * them are asked for, and kept unless all are asked for at once.
 *
 * Source: c-blosc 1, README_CHUNK_FORMAT.rst, and blosc.c for how blocks are split.
 *
 * @throws {Error} if the frame is corrupt or of another size.
 */
export async function openBlosc(bytes: Uint8Array, expectedBytes: number, itemBytes: number): Promise<Chunk> {
  const frame = await parseFrame(bytes, expectedBytes);
  if (frame.totalBytes !== expectedBytes)
    throw new Error(`a Blosc frame of ${frame.totalBytes} bytes for ${expectedBytes}`);
  const blocks: Uint8Array[] = [];
  return {
    elements(from, to, target) {
      const output = target ?? new Uint8Array((to - from) * itemBytes);
      const [start, end] = [from * itemBytes, to * itemBytes];
      if (end - start === frame.totalBytes) decodeAll(frame, output);
      else
        for (let at = start; at < end; ) {
          const number = Math.floor(at / frame.blockBytes);
          const first = number * frame.blockBytes;
          blocks[number] ??= decodeNewBlock(frame, number);
          const part = (blocks[number] as Uint8Array).subarray(at - first, end - first);
          output.set(part, at - start);
          at += part.length;
        }
      return output;
    },
  };
}

/** Decodes a whole frame of at most `maxBytes` bytes. */
export async function decodeBlosc(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const frame = await parseFrame(bytes, maxBytes);
  const output = new Uint8Array(frame.totalBytes);
  decodeAll(frame, output);
  return output;
}

function decodeAll(frame: BloscFrame, output: Uint8Array): void {
  const { totalBytes, blockBytes } = frame;
  for (let first = 0, number = 0; first < totalBytes; first += blockBytes, number++)
    decodeBlock(frame, number, output.subarray(first, first + blockBytes));
}

function decodeNewBlock(frame: BloscFrame, number: number): Uint8Array {
  const block = new Uint8Array(Math.min(frame.blockBytes, frame.totalBytes - number * frame.blockBytes));
  decodeBlock(frame, number, block);
  return block;
}

async function parseFrame(bytes: Uint8Array, maxBytes: number): Promise<BloscFrame> {
  if (bytes.length < HEADER_BYTES) throw new Error(`a Blosc frame of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, , flags, itemBytes] = bytes.subarray(0, 4) as unknown as [number, number, number, number];
  const totalBytes = view.getUint32(4, true);
  const blockBytes = view.getUint32(8, true);
  if (version !== 2) throw new Error(`a Blosc frame of version ${version}`);
  if (totalBytes > maxBytes) throw new Error(`a Blosc frame that declares ${totalBytes} bytes for ${maxBytes}`);
  if (itemBytes === 0 || (blockBytes === 0 && totalBytes > 0) || view.getUint32(12, true) > bytes.length)
    throw new Error(`a Blosc frame with blocks of ${blockBytes} and items of ${itemBytes} bytes`);
  return {
    bytes,
    view,
    itemBytes,
    totalBytes,
    blockBytes: Math.min(blockBytes, totalBytes),
    isCopy: (flags & 2) !== 0,
    isSplit: (flags & 16) === 0,
    shuffle: flags & 1 && itemBytes > 1 ? "bytes" : flags & 4 ? "bits" : "none",
    decodeStream: await streamDecoder(flags >> 5),
  };
}

async function streamDecoder(code: number): Promise<StreamDecoder | "lz4"> {
  if (code === 0) return decodeBlosclz;
  if (code === 1) return "lz4";
  if (code === 3) return (source, target) => fill(target, inflateSync(source, { maxOutputLength: target.length }));
  if (code === 4) {
    const decode = await loadZstd();
    return (source, target) => fill(target, decode(source, target.length));
  }
  throw new Error(code === 2 ? "Snappy inside Blosc, which is not supported" : `Blosc's codec ${code}`);
}

function fill(target: Uint8Array, decoded: Uint8Array): void {
  if (decoded.length !== target.length)
    throw new Error(`a Blosc stream of ${decoded.length} for ${target.length} bytes`);
  target.set(decoded);
}

/** Decodes a block into `output`, which is as long. */
function decodeBlock(frame: BloscFrame, number: number, output: Uint8Array): void {
  const { bytes, view, blockBytes, itemBytes } = frame;
  const { length } = output;
  if (frame.isCopy) {
    const first = HEADER_BYTES + number * blockBytes;
    if (first + length > bytes.length) throw cutShort();
    output.set(bytes.subarray(first, first + length));
    return;
  }
  const startAt = HEADER_BYTES + 4 * number;
  if (startAt + 4 > bytes.length) throw cutShort();
  let at = view.getUint32(startAt, true);
  const streams =
    frame.isSplit && length === blockBytes && itemBytes <= MOST_STREAMS && blockBytes / itemBytes >= LEAST_STREAM_BYTES
      ? itemBytes
      : 1;
  const streamBytes = Math.floor(length / streams);
  // The block, then a stream before it is decoded or the block's elements put together.
  const free = KERNEL_START + length + KERNEL_ROOM;
  const memory = openChunkMemory(free + length + KERNEL_ROOM);
  for (let stream = 0; stream < streams; stream++) {
    if (at + 4 > bytes.length) throw cutShort();
    const stored = view.getInt32(at, true);
    at += 4;
    if (stored < 0 || stored > streamBytes || at + stored > bytes.length) throw cutShort();
    const source = bytes.subarray(at, at + stored);
    const first = KERNEL_START + stream * streamBytes;
    const last = first + streamBytes;
    if (stored === streamBytes) memory.bytes.set(source, first);
    else if (frame.decodeStream === "lz4") decodeLz4Within(memory, source, free, first, last);
    else frame.decodeStream(source, memory.bytes.subarray(first, last));
    at += stored;
  }
  // What no stream holds is zero.
  memory.bytes.fill(0, KERNEL_START + streams * streamBytes, KERNEL_START + length);
  putTogether(frame, memory, free, output);
}

const cutShort = (): Error => new Error("a Blosc frame that is cut short");

/** Writes the block that the kernel's memory begins with to `output`, with the shuffle undone. */
function putTogether(frame: BloscFrame, memory: ChunkMemory, free: number, output: Uint8Array): void {
  const { itemBytes } = frame;
  const block = memory.bytes.subarray(KERNEL_START, KERNEL_START + output.length);
  const elements = Math.floor(output.length / itemBytes);
  if (frame.shuffle === "none" || elements === 0) output.set(block);
  else if (frame.shuffle === "bits") output.set(elements % 8 === 0 ? unshuffleBits(block, elements, itemBytes) : block);
  else {
    // Bytes beyond the last whole element were left in place.
    output.set(block.subarray(elements * itemBytes), elements * itemBytes);
    if (itemBytes === 2 || itemBytes === 4) {
      (itemBytes === 2 ? memory.joinPairs : memory.joinQuads)(KERNEL_START, elements, elements, free);
      output.set(memory.bytes.subarray(free, free + elements * itemBytes));
    } else unshuffle(block, elements, itemBytes, 0, elements, output);
  }
}
