import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { beginWork, endRead, endWork, threadWork } from "../src/index.js";

afterEach(() => threadWork.record(false));

/** A clock that tests set. */
function watchClock() {
  const clock = vi.spyOn(process.hrtime, "bigint");
  onTestFinished(() => clock.mockRestore());
  return clock;
}

test("reads of one file right behind each other are one span with all their bytes, others spans of their own", () => {
  const clock = watchClock();
  threadWork.take();
  threadWork.record(true);
  /** Units: microseconds. */
  const read = (from: number, to: number, path: string): void => {
    clock.mockReturnValue(BigInt(from * 1000));
    const start = beginWork();
    clock.mockReturnValue(BigInt(to * 1000));
    endRead(start, path, 10);
  };
  read(1000, 1010, "/data/a.bin");
  read(1020, 1030, "/data/a.bin");
  read(1129, 1140, "/data/a.bin");
  read(1150, 1160, "/data/b.bin");
  read(1170, 1180, "/data/a.bin");
  read(1400, 1410, "/data/a.bin");
  const { bytesRead, spans } = threadWork.take();
  const rounded = spans.map(({ name, start, end, details }) => [
    name,
    ...[start, end].map((s) => Math.round(s * 1e6)),
    details,
  ]);
  expect(bytesRead).toBe(60);
  expect(rounded).toEqual([
    ["read a.bin", 1000, 1140, { bytes: 30, reads: 3 }],
    ["read b.bin", 1150, 1160, { bytes: 10, reads: 1 }],
    ["read a.bin", 1170, 1180, { bytes: 10, reads: 1 }],
    ["read a.bin", 1400, 1410, { bytes: 10, reads: 1 }],
  ]);
});

test("bytes count without a clock where nothing is recorded, and work that began before shows no span", () => {
  const clock = watchClock();
  threadWork.take();
  const start = beginWork();
  endRead(start, "a.bin", 7);
  endWork(start, "decode");
  expect(clock).not.toHaveBeenCalled();
  threadWork.record(true);
  endRead(start, "a.bin", 5);
  expect(threadWork.take()).toEqual({ bytesRead: 12, spans: [] });
});
