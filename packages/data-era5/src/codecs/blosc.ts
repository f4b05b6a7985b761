import { inflateSync } from "node:zlib";
import type { Chunk } from "../readers/chunked-read.js";
import { unshuffle } from "../readers/unshuffle.js";
import { unshuffleBits } from "./bitshuffle.js";
import { decodeBlosclz } from "./blosclz.js";
import { decodeLz4 } from "./lz4.js";
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
  readonly decodeStream: StreamDecoder;
}

const HEADER_BYTES = 16;
/** Blocks are split into one stream for each byte of an element if those are this few, and this long. */
const MOST_STREAMS = 16;
const LEAST_STREAM_BYTES = 128;

/**
 * Opens a Blosc frame of `expectedBytes` bytes. Blocks are decoded, and elements put together, when they are asked
 * for.
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
      const end = to * itemBytes;
      for (let at = from * itemBytes; at < end; ) {
        const number = Math.floor(at / frame.blockBytes);
        blocks[number] ??= decodeBlock(frame, number);
        const block = blocks[number] as Uint8Array;
        const first = at - number * frame.blockBytes;
        const last = Math.min(block.length, end - number * frame.blockBytes);
        const part = output.subarray(at - from * itemBytes);
        putTogether(frame, block, first, last, part);
        at += last - first;
      }
      return output;
    },
  };
}

/** Decodes a whole frame of at most `maxBytes` bytes. */
export async function decodeBlosc(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const frame = await parseFrame(bytes, maxBytes);
  const output = new Uint8Array(frame.totalBytes);
  for (let at = 0, number = 0; at < output.length; at += frame.blockBytes, number++) {
    const block = decodeBlock(frame, number);
    putTogether(frame, block, 0, block.length, output.subarray(at));
  }
  return output;
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

async function streamDecoder(code: number): Promise<StreamDecoder> {
  if (code === 0) return decodeBlosclz;
  if (code === 1) return decodeLz4;
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

/** Decodes a block; its bytes are still shuffled. */
function decodeBlock(frame: BloscFrame, number: number): Uint8Array {
  const { bytes, view, blockBytes, itemBytes } = frame;
  const first = number * blockBytes;
  const length = Math.min(blockBytes, frame.totalBytes - first);
  if (frame.isCopy) {
    if (HEADER_BYTES + first + length > bytes.length) throw new Error("a Blosc frame that is cut short");
    return bytes.subarray(HEADER_BYTES + first, HEADER_BYTES + first + length);
  }
  const startAt = HEADER_BYTES + 4 * number;
  if (startAt + 4 > bytes.length) throw new Error("a Blosc frame that is cut short");
  let at = view.getUint32(startAt, true);
  const streams =
    frame.isSplit && length === blockBytes && itemBytes <= MOST_STREAMS && blockBytes / itemBytes >= LEAST_STREAM_BYTES
      ? itemBytes
      : 1;
  const streamBytes = Math.floor(length / streams);
  const block = new Uint8Array(length);
  for (let stream = 0; stream < streams; stream++) {
    if (at + 4 > bytes.length) throw new Error("a Blosc frame that is cut short");
    const stored = view.getInt32(at, true);
    at += 4;
    if (stored < 0 || at + stored > bytes.length) throw new Error("a Blosc frame that is cut short");
    const source = bytes.subarray(at, at + stored);
    const target = block.subarray(stream * streamBytes, (stream + 1) * streamBytes);
    if (stored === streamBytes) target.set(source);
    else frame.decodeStream(source, target);
    at += stored;
  }
  return block;
}

/** Writes the bytes `[first, last)` of a block to `target`, with the shuffle undone. */
function putTogether(frame: BloscFrame, block: Uint8Array, first: number, last: number, target: Uint8Array): void {
  const { itemBytes } = frame;
  const elements = Math.floor(block.length / itemBytes);
  if (frame.isCopy || frame.shuffle === "none") {
    target.set(block.subarray(first, last));
    return;
  }
  if (frame.shuffle === "bits") {
    target.set((elements % 8 === 0 ? unshuffleBits(block, elements, itemBytes) : block).subarray(first, last));
    return;
  }
  const shuffledEnd = Math.min(last, elements * itemBytes);
  if (first % itemBytes === 0 && shuffledEnd % itemBytes === 0) {
    if (shuffledEnd > first) unshuffle(block, elements, itemBytes, first / itemBytes, shuffledEnd / itemBytes, target);
  } else
    for (let at = first; at < shuffledEnd; at++)
      target[at - first] = block[(at % itemBytes) * elements + Math.floor(at / itemBytes)] as number;
  // Bytes beyond the last whole element were left in place.
  if (last > shuffledEnd)
    target.set(block.subarray(Math.max(first, shuffledEnd), last), Math.max(0, shuffledEnd - first));
}
