import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, it } from "vitest";
import * as torch from "../src/index.js";
import { describeTorch, runKernel } from "./on-torch.js";

const MB = 2 ** 20;

function thrownBy(run: () => unknown): torch.TorchOutOfMemoryError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(torch.TorchOutOfMemoryError);
    return error as torch.TorchOutOfMemoryError;
  }
  throw new Error("nothing thrown");
}

describeTorch("out of memory", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterEach(() => torch.setMemoryLimit(Number.POSITIVE_INFINITY));

  it("under a limit is an error with the bytes asked, live and allowed, after which the backend works", () => {
    torch.releaseCachedBytes();
    const live = torch.memoryStats().liveBytes;
    torch.setMemoryLimit(live + 8 * MB);
    const held = tf.fill([MB], 0);
    const error = thrownBy(() => tf.fill([2, MB], 0));
    expect(error.message).toContain(
      `out of memory: ${8 * MB} bytes asked, ${live + 4 * MB} live, limit ${live + 8 * MB}`,
    );
    expect(error).toMatchObject({
      code: "GRATICULE_TORCH_OUT_OF_MEMORY",
      bytesAsked: 8 * MB,
      liveBytes: live + 4 * MB,
    });
    expect(torch.memoryStats().liveBytes).toBe(live + 4 * MB);
    held.dispose();
    const fits = tf.fill([2, MB], 0);
    // Idle pages are given back in whole huge pages.
    expect(torch.memoryStats().reservedBytes).toBeLessThanOrEqual(live + 12 * MB);
    fits.dispose();
    expect(() => torch.setMemoryLimit(Number.NaN)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: setMemoryLimit: expected bytes from 0 to Infinity, got NaN.]`,
    );
  });

  it("leaves a released storage released when there is no room to restore it", () => {
    const tensor = tf.fill([MB], 0);
    torch.releaseStorage(tensor);
    torch.setMemoryLimit(torch.memoryStats().liveBytes);
    thrownBy(() => torch.restoreStorage(tensor));
    torch.setMemoryLimit(Number.POSITIVE_INFINITY);
    torch.restoreStorage(tensor, new Float32Array(MB).fill(1));
    expect(tensor.dataSync()[MB - 1]).toBe(1);
    tensor.dispose();
  });

  it("of a size that no machine has is an error too", () => {
    const shape = [2 ** 46];
    const error = thrownBy(() => runKernel("Fill", {}, { shape, value: 1, dtype: "float32" }));
    expect(error.bytesAsked).toBe(2 ** 48);
    expect(Array.from(tf.add([1], [2]).dataSync())).toEqual([3]);
  });

  // -v limits addresses, and the backend then allocates by malloc; -d limits memory, and the arena cannot grow.
  const limits = [
    { limit: "-v 67108864", bytes: 2 ** 37 },
    { limit: "-d 8388608", bytes: 2 ** 35 },
  ];
  // A build that checks addresses reserves terabytes of them at its start.
  const canLimit = process.platform === "linux" && process.env.GRATICULE_TORCH_BUILD !== "build-sanitize";
  for (const { limit, bytes } of limits) {
    it.skipIf(!canLimit)(`under ulimit ${limit} is an error too`, () => {
      const script = fileURLToPath(new URL("children/ask-much.ts", import.meta.url));
      const command = `ulimit ${limit} && exec "$0" --conditions=@graticule/source --import tsx "$@"`;
      const args = ["-c", command, process.execPath, script, String(bytes)];
      const { name, bytesAsked, sum } = JSON.parse(execFileSync("bash", args, { encoding: "utf8" }));
      expect({ name, bytesAsked, sum }).toEqual({ name: "TorchOutOfMemoryError", bytesAsked: bytes, sum: 2 ** 22 });
    });
  }
});
