import { ConfigError } from "@graticule/core";

/**
 * How records hold their values. `float32` and `uint8` (whole numbers 0–255) are lossless; `bf16` keeps 8 significant
 * bits; `int16` packs each channel of a record between its own extremes, to (max − min) / 131068.
 */
export type ShardDtype = "float32" | "bf16" | "int16" | "uint8";

export const SHARD_DTYPES: readonly ShardDtype[] = ["float32", "bf16", "int16", "uint8"];

/** Turns pixels into the bytes of a record and back. */
export interface RecordCodec {
  /** Size of a record. */
  readonly bytes: number;
  /**
   * @returns a buffer that the next call overwrites.
   * @throws {ConfigError} naming the channel, if the dtype can't hold a value.
   */
  encode(pixels: Float32Array, id: string): Uint8Array;
  /** `bytes` may lie at the end of the memory of `pixels`. */
  decode(bytes: Uint8Array, pixels: Float32Array): void;
}

/** Makes the codec of records of shape `[C, H, W]`. Layout: little-endian, as every machine that Node runs on but s390x. */
export function makeRecordCodec(dtype: ShardDtype, shape: readonly [number, number, number]): RecordCodec {
  const [channels, height, width] = shape;
  const plane = height * width;
  const values = channels * plane;
  if (dtype === "float32") return makeFloatCodec(values);
  if (dtype === "bf16") return makeBf16Codec(values);
  if (dtype === "uint8") return makeByteCodec(channels, plane);
  return makePackedCodec(channels, plane);
}

function makeFloatCodec(values: number): RecordCodec {
  return {
    bytes: 4 * values,
    encode: ({ buffer, byteOffset }) => new Uint8Array(buffer, byteOffset, 4 * values),
    decode(bytes, pixels) {
      if (bytes.buffer !== pixels.buffer || bytes.byteOffset !== pixels.byteOffset)
        new Uint8Array(pixels.buffer, pixels.byteOffset, 4 * values).set(bytes);
    },
  };
}

/** The upper half of a float32, rounded to nearest, ties to even. */
function makeBf16Codec(values: number): RecordCodec {
  let halves: Uint16Array | undefined;
  return {
    bytes: 2 * values,
    encode({ buffer, byteOffset }) {
      halves ??= new Uint16Array(values);
      const words = new Uint32Array(buffer, byteOffset, values);
      for (let index = 0; index < values; index++) {
        const word = words[index] as number;
        const notANumber = (word & 0x7fffffff) > 0x7f800000;
        halves[index] = notANumber ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
      }
      return new Uint8Array(halves.buffer);
    },
    decode(bytes, pixels) {
      const stored = new Uint16Array(bytes.buffer, bytes.byteOffset, values);
      const words = new Uint32Array(pixels.buffer, pixels.byteOffset, values);
      for (let index = 0; index < values; index++) words[index] = (stored[index] as number) << 16;
    },
  };
}

function makeByteCodec(channels: number, plane: number): RecordCodec {
  const values = channels * plane;
  let stored: Uint8Array | undefined;
  return {
    bytes: values,
    encode(pixels, id) {
      stored ??= new Uint8Array(values);
      for (let index = 0; index < values; index++) {
        stored[index] = pixels[index] as number;
        if (stored[index] !== pixels[index])
          throw new ConfigError(
            `packed shards: expected whole numbers from 0 to 255 for dtype uint8, got ${pixels[index]} in channel ${Math.floor(index / plane)} of '${id}'. Use float32 or bf16.`,
          );
      }
      return stored;
    },
    decode(bytes, pixels) {
      for (let index = 0; index < values; index++) pixels[index] = bytes[index] as number;
    },
  };
}

/** Stands for NaN among int16 values. */
const MISSING = -32768;
const STEPS = 65534;

/** Layout: for each channel float32 scale and offset, then the int16 values; value = stored · scale + offset. */
function makePackedCodec(channels: number, plane: number): RecordCodec {
  const headerBytes = 8 * channels;
  const bytes = headerBytes + 2 * channels * plane;
  let stored: Uint8Array | undefined;
  return {
    bytes,
    encode(pixels, id) {
      stored ??= new Uint8Array(bytes);
      const scaling = new Float32Array(stored.buffer, 0, 2 * channels);
      const packed = new Int16Array(stored.buffer, headerBytes);
      for (let channel = 0; channel < channels; channel++) {
        const values = pixels.subarray(channel * plane, (channel + 1) * plane);
        const { low, high } = findRange(values, channel, id);
        scaling[2 * channel] = (high - low) / STEPS;
        scaling[2 * channel + 1] = high === low ? low : (low + high) / 2;
        const [scale, offset] = [scaling[2 * channel] as number, scaling[2 * channel + 1] as number];
        for (let index = 0; index < plane; index++) {
          const value = values[index] as number;
          const steps = scale === 0 ? 0 : Math.round((value - offset) / scale);
          packed[channel * plane + index] = Number.isNaN(value) ? MISSING : Math.min(32767, Math.max(-32767, steps));
        }
      }
      return stored;
    },
    decode(bytes, pixels) {
      // Copied, since the values may overwrite their own header.
      const scales = new Float32Array(bytes.slice(0, headerBytes).buffer);
      const values = new Int16Array(bytes.buffer, bytes.byteOffset + headerBytes, channels * plane);
      for (let channel = 0; channel < channels; channel++) {
        const [scale, offset] = [scales[2 * channel] as number, scales[2 * channel + 1] as number];
        for (let index = channel * plane; index < (channel + 1) * plane; index++) {
          const value = values[index] as number;
          pixels[index] = value === MISSING ? NaN : value * scale + offset;
        }
      }
    },
  };
}

function findRange(values: Float32Array, channel: number, id: string): { low: number; high: number } {
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
