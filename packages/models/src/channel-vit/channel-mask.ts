import { expectation, ShapeError } from "@graticule/core";

/**
 * Which channels are there, 1, or missing, 0: C values for the whole batch, B·C for each image, or B·K·C for each of the
 * K patches of an image that the model sees (all N, or those kept). The pixels of a missing channel are never read into
 * a result, so they may be anything, NaN too.
 */
export type ChannelMask = Uint8Array;

/** A mask as the groups of channels use it. */
export interface SeenChannels {
  /** For each channel, whether any row sees it. */
  readonly present: readonly boolean[];
  /** R × C where rows differ, R = B·K. */
  readonly rows: Uint8Array | undefined;
}

/**
 * @throws {ShapeError} if the mask fits neither the channels nor the rows.
 * @throws {RangeError} if no channel is there.
 */
export function readChannelMask(
  mask: ChannelMask | undefined,
  sizes: { readonly batch: number; readonly patches: number; readonly channels: number },
): SeenChannels {
  const { batch, patches, channels } = sizes;
  if (mask === undefined) return { present: new Array<boolean>(channels).fill(true), rows: undefined };
  const lengths = [channels, batch * channels, batch * patches * channels];
  if (!lengths.includes(mask.length))
    throw new ShapeError("channelMask", `${lengths.join(", ")} values (C, B·C or B·K·C)`, `${mask.length}`);
  const present = Array.from({ length: channels }, (_, channel) => {
    for (let index = channel; index < mask.length; index += channels) if (mask[index] !== 0) return true;
    return false;
  });
  if (!present.includes(true)) throw new RangeError(expectation("channelMask", "at least one channel", "none"));
  if (mask.length === channels) return { present, rows: undefined };
  if (mask.length === batch * patches * channels) return { present, rows: mask };
  const rows = new Uint8Array(batch * patches * channels);
  for (let row = 0; row < batch * patches; row++) {
    const first = Math.floor(row / patches) * channels;
    rows.set(mask.subarray(first, first + channels), row * channels);
  }
  return { present, rows };
}

/** The columns of some channels: R × n, and for each row whether it sees any of them. */
export function rowsOfChannels(
  rows: Uint8Array,
  total: number,
  channels: readonly number[],
): { readonly columns: Uint8Array; readonly any: Uint8Array } {
  const count = rows.length / total;
  const columns = new Uint8Array(count * channels.length);
  const any = new Uint8Array(count);
  for (let row = 0; row < count; row++)
    for (const [index, channel] of channels.entries())
      if (rows[row * total + channel] !== 0) {
        columns[row * channels.length + index] = 1;
        any[row] = 1;
      }
  return { columns, any };
}
