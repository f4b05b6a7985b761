import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { train } from "@graticule/train";
import { describe, expect, it, test } from "vitest";
import { encodeRecord, encodeScalarEvent, maskedCrc32c, openEventFile } from "../src/event-file.js";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { makeTinyRun } from "./fixtures/tiny-run.js";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Bit-by-bit CRC-32C, written independently of the table. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Events of a file, checked record by record against its checksums. */
function decodeEvents(file: Buffer) {
  const masked = (bytes: Uint8Array): number => {
    const crc = BigInt(slowCrc32c(bytes));
    return Number(((((crc >> 15n) | (crc << 17n)) % 2n ** 32n) + 0xa282ead8n) % 2n ** 32n);
  };
  const events: { step: number; version?: string; start?: boolean; scalars: Record<string, number> }[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(data));
    events.push(decodeEvent(data));
    at += length + 16;
  }
  return events;
}

function decodeEvent(data: Uint8Array) {
  const reader = new BinaryReader(data);
  const event: ReturnType<typeof decodeEvents>[number] = { step: 0, scalars: {} };
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 2) event.step = Number(reader.int64());
    else if (field === 3) event.version = reader.string();
    else if (field === 7) event.start = reader.bytes().join() === "8,1";
    else if (field === 5) {
      const summary = new BinaryReader(reader.bytes());
      while (summary.pos < summary.len) {
        summary.tag();
        const value = new BinaryReader(summary.bytes());
        value.tag();
        const tag = value.string();
        value.tag();
        event.scalars[tag] = value.float();
      }
    } else reader.skip(wire);
  }
  return event;
}

async function readEvents(folder: string) {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => decodeEvents(await readFile(join(folder, name)))));
}

test("checksums are masked as in TensorFlow", () => {
  expect(maskedCrc32c(text("123456789"))).toBe((((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0);
});

describe("event file", () => {
  it("frames records as TFRecord does", () => {
    // Length 1 and its checksum, the byte, its checksum.
    const record = encodeRecord(text("a"));
    expect(record).toHaveLength(17);
    expect([...record.subarray(0, 8)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    expect(record[12]).toBe(97);
  });

  it("encodes a scalar event byte for byte as protobuf does", () => {
    // wall_time 1.0 (field 1, double) · step 3 (field 2) · summary (5) { value (1) { tag (1) "x" · simple_value (2) 0.5 } }
    const expected = "09000000000000f03f" + "1003" + "2a0a" + "0a08" + "0a0178" + "150000003f";
    expect(Buffer.from(encodeScalarEvent(1, 3, { x: 0.5 })).toString("hex")).toBe(expected);
  });

  it("is decoded by an independent reader, restarts included", async () => {
    const folder = await makeTemporaryFolder();
    const first = await openEventFile(folder, 0);
    for (const step of [1, 2, 3])
      await first.write(step, { "train/loss": step / 4, "train/lr": Number.POSITIVE_INFINITY });
    await first.close();
    const second = await openEventFile(folder, 2);
    await second.write(3, { "train/loss": 9 });
    await second.close();
    expect(second.path > first.path).toBe(true);
    expect(await readEvents(folder)).toEqual([
      [
        { step: 0, version: "brain.Event:2", scalars: {} },
        { step: 1, start: true, scalars: {} },
        ...[1, 2, 3].map((step) => ({
          step,
          scalars: { "train/loss": step / 4, "train/lr": Number.POSITIVE_INFINITY },
        })),
      ],
      [
        { step: 0, version: "brain.Event:2", scalars: {} },
        { step: 3, start: true, scalars: {} },
        { step: 3, scalars: { "train/loss": 9 } },
      ],
    ]);
  });

  it("holds the numbers of metrics.jsonl", async () => {
    const runFolder = await makeTemporaryFolder();
    await train(
      await makeTinyRun(
        { runFolder },
        { totalSteps: 6, logEverySteps: 2, memory: () => ({ liveBytes: 10, peakBytes: 20 }) },
      ),
    );
    const lines = (await readFile(join(runFolder, "metrics.jsonl"), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ step }) => step)).toEqual([2, 4, 6]);
    const [events] = await readEvents(join(runFolder, "tensorboard"));
    const names = [
      "loss",
      "lr",
      "gradNorm",
      "imagesPerSecond",
      "loaderWaitShare",
      "liveBytes",
      "peakBytes",
      "rssBytes",
    ];
    for (const [index, { step, scalars }] of events!.slice(2).entries()) {
      expect(step).toBe(lines[index].step);
      expect(scalars).toEqual(
        Object.fromEntries(names.map((name) => [`train/${name}`, Math.fround(lines[index][name])])),
      );
      expect(Object.keys(lines[index])).toEqual(["step", "epoch", ...names, "seconds"]);
    }
  });

  const reader = "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator";
  const hasTensorBoard = spawnSync("python3", ["-c", reader]).status === 0;
  it("is read by TensorBoard", async ({ skip }) => {
    skip(!hasTensorBoard, "python3 has no tensorboard");
    const folder = await makeTemporaryFolder();
    for (const start of [0, 2]) {
      const file = await openEventFile(folder, start);
      for (const step of [1, 2, 3]) await file.write(start + step, { loss: start + step / 2 });
      await file.close();
    }
    const script = `${reader}
import sys
events = EventAccumulator(sys.argv[1]); events.Reload()
print([(event.step, event.value) for event in events.Scalars("loss")])`;
    const { stdout } = spawnSync("python3", ["-c", script, folder], { encoding: "utf8" });
    expect(stdout.trim()).toBe("[(1, 0.5), (2, 1.0), (3, 2.5), (4, 3.0), (5, 3.5)]");
  });
});
