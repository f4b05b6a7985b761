import { ConfigError } from "@graticule/core";

/**
 * How records hold their values. `float32` and `uint8` (whole numbers 0–255) are lossless; `bf16` keeps 8 significant
 * bits; `int16` packs each channel of a record between its own extremes, to (max − min) / 131068.
 */
export type ShardDtype = "float32" | "bf16" | "int16" | "uint8";

export const SHARD_DTYPES: readonly ShardDtype[] = ["float32", "bf16", "int16", "uint8"];

/**
 * Turns one channel of a record into its block of bytes and back. Blocks lie one after the other in a record, each by
 * itself, so that a reader takes the channels that it wants.
 */
export interface ChannelCodec {
  /** Size of a block. */
  readonly bytes: number;
  /**
   * Fills a block.
   *
   * @throws {ConfigError} naming the channel, if the dtype can't hold a value.
   */
  encode(values: Float32Array, block: Uint8Array, place: ChannelPlace): void;
  /** Reads blocks that lie one after the other. They may lie at the end of the memory of `values`. */
  decode(blocks: Uint8Array, values: Float32Array): void;
}

/** What messages say of a value's place. */
export interface ChannelPlace {
  readonly channel: number;
  readonly id: string;
}

/** Makes the codec of channels of so many values. Layout: little-endian, as every machine that Node runs on but s390x. */
export function makeChannelCodec(dtype: ShardDtype, values: number): ChannelCodec {
  switch (dtype) {
    case "float32":
      return makeFloatCodec(values);
    case "bf16":
      return makeBf16Codec(values);
    case "uint8":
      return makeByteCodec(values);
    case "int16":
      return makePackedCodec(values);
  }
}

function makeFloatCodec(count: number): ChannelCodec {
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
  return {
    bytes: 4 * count,
    encode: (values, block) => block.set(bytesOf(values)),
    decode(blocks, values) {
      if (blocks.buffer !== values.buffer || blocks.byteOffset !== values.byteOffset) bytesOf(values).set(blocks);
    },
  };
}

/** The upper half of a float32, rounded to nearest, ties to even. */
function makeBf16Codec(count: number): ChannelCodec {
  return {
    bytes: 2 * count,
    encode({ buffer, byteOffset }, block) {
      const halves = new Uint16Array(block.buffer, block.byteOffset, count);
      const words = new Uint32Array(buffer, byteOffset, count);
      for (let index = 0; index < count; index++) {
        const word = words[index] as number;
        const notANumber = (word & 0x7fffffff) > 0x7f800000;
        halves[index] = notANumber ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
      }
    },
    decode(blocks, { buffer, byteOffset, length }) {
      const stored = new Uint16Array(blocks.buffer, blocks.byteOffset, length);
      const words = new Uint32Array(buffer, byteOffset, length);
      for (let index = 0; index < length; index++) words[index] = (stored[index] as number) << 16;
    },
  };
}

function makeByteCodec(count: number): ChannelCodec {
  return {
    bytes: count,
    encode(values, block, { channel, id }) {
      for (let index = 0; index < count; index++) {
        block[index] = values[index] as number;
        if (block[index] !== values[index])
          throw new ConfigError(
            `packed shards: expected whole numbers from 0 to 255 for dtype uint8, got ${values[index]} in channel ${channel} of '${id}'. Use float32 or bf16.`,
          );
      }
    },
    decode(blocks, values) {
      for (let index = 0; index < values.length; index++) values[index] = blocks[index] as number;
    },
  };
}

/** Stands for NaN among int16 values. */
const MISSING = -32768;
const STEPS = 65534;
/** Scale and offset. */
const SCALING_BYTES = 8;

/** Layout: float32 scale and offset, then the int16 values; value = stored · scale + offset. */
function makePackedCodec(count: number): ChannelCodec {
  const scaling = new Float32Array(2);
  const scalingBytes = new Uint8Array(scaling.buffer);
  return {
    bytes: SCALING_BYTES + 2 * count,
    encode(values, block, place) {
      const packed = new Int16Array(block.buffer, block.byteOffset + SCALING_BYTES, count);
      const { low, high } = findRange(values, place);
      scaling[0] = (high - low) / STEPS;
      scaling[1] = high === low ? low : (low + high) / 2;
      block.set(scalingBytes);
      const [scale, offset] = [scaling[0] as number, scaling[1] as number];
      for (let index = 0; index < count; index++) {
        const value = values[index] as number;
        const steps = scale === 0 ? 0 : Math.round((value - offset) / scale);
        packed[index] = Number.isNaN(value) ? MISSING : Math.min(32767, Math.max(-32767, steps));
      }
    },
    decode(blocks, values) {
      const packed = new Int16Array(blocks.buffer, blocks.byteOffset, blocks.length / 2);
      for (let to = 0, from = 0; to < values.length; ) {
        // Copied, since the values may overwrite it.
        for (let at = 0; at < SCALING_BYTES; at++) scalingBytes[at] = blocks[2 * from + at] as number;
        from += SCALING_BYTES / 2;
        const [scale, offset] = [scaling[0] as number, scaling[1] as number];
        for (const end = to + count; to < end; to++, from++) {
          const value = packed[from] as number;
          values[to] = value === MISSING ? NaN : value * scale + offset;
        }
      }
    },
  };
}

function findRange(values: Float32Array, { channel, id }: ChannelPlace): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low === -Infinity || high === Infinity)
    throw new ConfigError(
      `packed shards: expected finite values or NaN for dtype int16, got ${low === -Infinity ? low : high} in channel ${channel} of '${id}'. Use float32 or bf16.`,
    );
  return low > high ? { low: 0, high: 0 } : { low, high };
}
