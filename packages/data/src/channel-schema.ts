import { MismatchError, ShapeError } from "@graticule/core";

/** What one channel of a dataset measures. `mean` and `std` are in the channel's own unit, over the training split. */
export interface Channel {
  readonly name: string;
  readonly unit?: string;
  readonly wavelengthNm?: number;
  /** Pressure level of a weather variable. */
  readonly levelHpa?: number;
  readonly mean?: number;
  readonly std?: number;
}

/** The channels of a dataset in the order of its pixels; travels with the data and into the checkpoint. */
export type ChannelSchema = readonly Channel[];

const IDENTITY = ["name", "unit", "wavelengthNm", "levelHpa"] as const;
const FIELDS = [...IDENTITY, "mean", "std"] as const;

/**
 * Checks that the data at hand has the channels that a checkpoint was trained on.
 *
 * @throws {MismatchError} naming the first channel and field that differ.
 */
export function assertSameSchema(stored: ChannelSchema, current: ChannelSchema): void {
  assertSameFields(FIELDS, stored, current);
}

/**
 * Checks that two schemas mean the same channels in the same order, whatever their statistics.
 *
 * @throws {MismatchError} naming the first channel and field that differ.
 */
export function assertSameChannels(stored: ChannelSchema, current: ChannelSchema): void {
  assertSameFields(IDENTITY, stored, current);
}

function assertSameFields(fields: readonly (keyof Channel)[], stored: ChannelSchema, current: ChannelSchema): void {
  if (stored.length !== current.length)
    throw new MismatchError(
      "assertSameSchema",
      `${stored.length} channels (${channelNames(stored)})`,
      `${current.length} (${channelNames(current)})`,
      "Select the same bands as in training.",
    );
  for (const [index, before] of stored.entries()) {
    const now = current[index] as Channel;
    for (const field of fields)
      if (before[field] !== now[field])
        throw new MismatchError(
          "assertSameSchema",
          `${field} ${before[field]} for channel ${index} ('${before.name}')`,
          `${now[field]}`,
          "Use the schema that is stored with the checkpoint, and the same bands in the same order.",
        );
  }
}

/**
 * Checks that pixels have one plane for each channel of the schema.
 *
 * @throws {ShapeError} if the numbers differ.
 */
export function assertChannelCount(where: string, schema: ChannelSchema, channels: number): void {
  if (schema.length !== channels)
    throw new ShapeError(where, `${schema.length} channels (${channelNames(schema)})`, `${channels}`);
}

/** The channels' names, separated by commas; long lists are cut. */
function channelNames(schema: ChannelSchema): string {
  const names = schema.map((channel) => channel.name);
  return names.length > 8 ? `${names.slice(0, 8).join(", ")}, …` : names.join(", ");
}
