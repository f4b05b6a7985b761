import { type FileHandle, mkdir, open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { crc32c } from "@graticule/core";

/** Field numbers of tensorflow.Event, .Summary, .Summary.Value and .SessionLog. Source: tensorboard/compat/proto/{event,summary}.proto. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simpleValue: 2 } as const;
const SESSION_LOG = { status: 1 } as const;
const SESSION_START = 1;

const MASK_DELTA = 0xa282ead8;

/** A TensorBoard event file that is open for scalars. */
export interface EventFile {
  readonly path: string;
  /** Appends one event that holds every scalar of a step; values that are not finite are written as they are. */
  write(step: number, scalars: Readonly<Record<string, number>>): Promise<void>;
  close(): Promise<void>;
}

/**
 * CRC-32C rotated and offset as TFRecord stores it, so that a checksum of data that holds checksums stays useful.
 *
 * Source: TensorFlow, tsl/lib/hash/crc32c.h, `Mask`.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/**
 * Frames one record: length, its masked CRC, the data, its masked CRC.
 *
 * Layout: u64 length · u32 crc(length) · data · u32 crc(data), all little-endian.
 * Source: TensorFlow, "TFRecord and tf.train.Example", section "TFRecords format details".
 */
export function encodeRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

function startEvent(seconds: number, step: number): BinaryWriter {
  return new BinaryWriter()
    .tag(EVENT.wallTime, WireType.Bit64)
    .double(seconds)
    .tag(EVENT.step, WireType.Varint)
    .int64(step);
}

/** Encodes the scalars of one step as a tensorflow.Event. Units: `seconds` since 1970. */
export function encodeScalarEvent(
  seconds: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const event = startEvent(seconds, step).tag(EVENT.summary, WireType.LengthDelimited).fork();
  for (const [tag, value] of Object.entries(scalars)) {
    event.tag(SUMMARY.value, WireType.LengthDelimited).fork();
    event.tag(VALUE.tag, WireType.LengthDelimited).string(tag);
    event.tag(VALUE.simpleValue, WireType.Bit32).float(value);
    event.join();
  }
  return event.join().finish();
}

/** Encodes the first event of a file, which names the format. */
function encodeVersionEvent(seconds: number): Uint8Array {
  return startEvent(seconds, 0).tag(EVENT.fileVersion, WireType.LengthDelimited).string("brain.Event:2").finish();
}

/** Encodes the event after which a reader drops what earlier files say of `firstStep` and later steps. */
function encodeRestartEvent(seconds: number, firstStep: number): Uint8Array {
  const event = startEvent(seconds, firstStep).tag(EVENT.sessionLog, WireType.LengthDelimited).fork();
  return event.tag(SESSION_LOG.status, WireType.Varint).int32(SESSION_START).join().finish();
}

/**
 * Opens a new event file in `folder` for a run that continues after `lastStep` completed steps (0 for a new run).
 * A reader of the folder drops scalars of later steps that an interrupted run left in earlier files.
 */
export async function openEventFile(folder: string, lastStep: number): Promise<EventFile> {
  await mkdir(folder, { recursive: true });
  const seconds = Date.now() / 1000;
  // Readers take the files of a folder in the order of their names: milliseconds keep quick restarts apart.
  const name = `events.out.tfevents.${seconds.toFixed(3)}.${hostname()}.${process.pid}`;
  const path = join(folder, name);
  const file: FileHandle = await open(path, "a");
  await file.appendFile(encodeRecord(encodeVersionEvent(seconds)));
  await file.appendFile(encodeRecord(encodeRestartEvent(seconds, lastStep + 1)));
  return {
    path,
    write: (step, scalars) => file.appendFile(encodeRecord(encodeScalarEvent(Date.now() / 1000, step, scalars))),
    close: () => file.close(),
  };
}
