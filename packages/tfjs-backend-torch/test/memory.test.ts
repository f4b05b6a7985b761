import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, it } from "vitest";
import * as torch from "../src/index.js";
import { describeTorch } from "./on-torch.js";

const MB = 2 ** 20;

describeTorch("the allocator", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterEach(() => {
    torch.setMemoryLimit(Number.POSITIVE_INFINITY);
    torch.setCacheLimit(Number.POSITIVE_INFINITY);
    torch.releaseCachedBytes();
  });

  const floats = (megabytes: number) => tf.fill([megabytes * (MB / 4)], 0);

  // A build that checks addresses gives each tensor a block of its own.
  const hasArena = process.env.GRATICULE_TORCH_ALLOCATOR !== "malloc";
  it.skipIf(!hasArena)("keeps the pages of freed blocks, and gives them back on demand", () => {
    torch.releaseCachedBytes();
    const before = torch.memoryStats();
    floats(64).dispose();
    const kept = torch.memoryStats();
    expect(kept.cachedBytes - before.cachedBytes).toBeGreaterThan(63 * MB);
    expect(kept.reservedBytes).toBe(kept.liveBytes + kept.cachedBytes);
    torch.releaseCachedBytes();
    // A freed block's first and last huge page may be shared with a neighbour that lives.
    expect(torch.memoryStats().cachedBytes).toBeLessThan(before.cachedBytes + 4 * MB);
  });

  it("never keeps more than a tenth above what was live at once, whatever sizes come", () => {
    torch.releaseCachedBytes();
    for (let i = 0; i < 20; i++) {
      const held = [floats(50 + ((i * 7) % 40)), floats(30 + ((i * 13) % 60)), floats(1 + (i % 5))];
      tf.dispose(held[i % 3]!);
      const other = floats(20 + ((i * 11) % 30));
      tf.dispose([...held, other].filter((tensor) => !tensor.isDisposed));
    }
    torch.resetPeakBytes();
    const { liveBytes, reservedBytes } = torch.memoryStats();
    expect(liveBytes).toBeLessThan(20 * MB);
    // At most 89 + 89 + 5 MB were live at once.
    expect(reservedBytes).toBeLessThan(1.1 * 183 * MB + 32 * MB);
  });

  it("counts bytes by tag, the inner one of two, until they are freed", () => {
    const tags = () => torch.memoryStats().tags;
    const kept = torch.withMemoryTag("test-outer", () => {
      const outer = floats(1);
      const inner = torch.withMemoryTag("test-inner", () => floats(2));
      expect(tags()["test-outer"]?.liveBytes).toBe(MB);
      expect(tags()["test-inner"]?.liveBytes).toBe(2 * MB);
      outer.dispose();
      return inner;
    });
    const untagged = floats(1);
    expect(tags()["test-outer"]).toEqual({ liveBytes: 0, peakBytes: MB });
    kept.dispose();
    expect(tags()["test-inner"]).toEqual({ liveBytes: 0, peakBytes: 2 * MB });
    torch.resetPeakBytes();
    expect(tags()["test-inner"]).toEqual({ liveBytes: 0, peakBytes: 0 });
    untagged.dispose();
  });

  it("takes the tag off again when the body throws, and refuses asynchronous bodies and a 32nd name", () => {
    expect(() =>
      torch.withMemoryTag("test-throws", () => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    const tensor = floats(1);
    expect(torch.memoryStats().tags["test-throws"]?.liveBytes).toBe(0);
    tensor.dispose();
    expect(() => torch.withMemoryTag("test-async", async () => 1)).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: withMemoryTag: expected a synchronous function, got a Promise.]`,
    );
    expect(() => {
      for (let i = 0; i < 32; i++) torch.withMemoryTag(`test-${i}`, () => 1);
    }).toThrow(/expected at most 31 memory tags, got one more: test-\d+/);
  });

  it("keeps no idle pages under a cache limit of zero", () => {
    torch.setCacheLimit(0);
    floats(64).dispose();
    expect(torch.memoryStats().cachedBytes).toBeLessThan(4 * MB);
    expect(() => torch.setCacheLimit(-1)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: setCacheLimit: expected bytes from 0 to Infinity, got -1.]`,
    );
  });

  it("agrees with tf.memory(), which counts a tensor's bytes once per tensor and complex ones not at all", () => {
    const memory = () => tf.memory() as tf.MemoryInfo & torch.MemoryStats;
    const before = memory();
    const tensors = [tf.ones([3, 5]), tf.ones([7], "int32"), tf.ones([9], "bool")];
    const during = memory();
    expect(during.numBytes - before.numBytes).toBe(60 + 28 + 9);
    expect(during.storageBytes - before.storageBytes).toBe(60 + 28 + 9);
    expect(during.storages - before.storages).toBe(3);
    expect(during.unreliable).toBe(false);
    const more = [tf.reshape(tensors[0]!, [15]), tf.complex([1, 2], [3, 4])];
    expect(memory().numBytes - during.numBytes).toBe(60);
    expect(memory().storageBytes - during.storageBytes).toBe(16);
    tf.dispose([...tensors, ...more]);
    expect(memory().numBytes).toBe(before.numBytes);
    expect(memory().storageBytes).toBe(before.storageBytes);
  });
});
