import { describe, expect, it } from "vitest";
import { makeProgress } from "../src/progress.js";
import { captureStream } from "./fixtures/tiny-run.js";

const report = (step: number) => ({
  step,
  loss: 0.81234,
  learningRate: 1.5e-4,
  imagesPerSecond: 312.4,
  loaderWaitShare: 0.0034,
  bytes: 1.2 * 1024 ** 3,
});

describe("makeProgress", () => {
  it("writes plain lines where the stream is no terminal, at most one in the given time, and the last", () => {
    const stream = captureStream();
    let seconds = 0;
    const progress = makeProgress({
      firstStep: 100,
      totalSteps: 200,
      stream,
      lineEverySeconds: 10,
      now: () => seconds,
    });
    for (let step = 101; step <= 200; step++) {
      seconds += 0.3;
      progress.update(report(step));
    }
    progress.stop();
    expect(stream.text).toMatchInlineSnapshot(`
      "step 101/200  loss 0.8123  lr 1.50e-4  312 images/s  loader wait 0.3 %  1.20 GiB  ETA 29.7 s
      step 135/200  loss 0.8123  lr 1.50e-4  312 images/s  loader wait 0.3 %  1.20 GiB  ETA 19.5 s
      step 169/200  loss 0.8123  lr 1.50e-4  312 images/s  loader wait 0.3 %  1.20 GiB  ETA 9.3 s
      step 200/200  loss 0.8123  lr 1.50e-4  312 images/s  loader wait 0.3 %  1.20 GiB  ETA 0 ms
      "
    `);
  });

  it("draws a bar on a terminal, without handlers for signals", () => {
    const stream = Object.assign(captureStream(true), { columns: 200, cursorTo() {}, clearLine() {} });
    const before = process.listenerCount("SIGINT");
    const progress = makeProgress({ firstStep: 0, totalSteps: 200, stream, lineEverySeconds: 10, now: () => 0 });
    expect(process.listenerCount("SIGINT")).toBe(before);
    progress.update(report(50));
    progress.stop();
    expect(stream.text).toContain(
      "25%  step 50/200  loss 0.8123  lr 1.50e-4  312 images/s  loader wait 0.3 %  1.20 GiB  ETA",
    );
    expect(stream.text).toContain("█");
  });
});
