import { expect, test } from "vitest";
import { datasheetPeak, type Findings, summarize } from "../summary.js";

const machine = {
  torch: "2.11.0+cu130",
  root: "/site/torch",
  cuda: "13.0",
  device: "NVIDIA H200",
  tf32: false,
  gemm: { side: 8192, bf16: 780, fp32: 50 },
};
const ours = {
  imagesPerSecond: 3000,
  secondsPerStep: 0.0853333,
  gflops: 250_000,
  peakRssMB: 900,
  peakDeviceMB: 9000.4,
};
const pytorch = {
  images_per_s: 2500,
  seconds_per_step: 0.1024,
  gflops: 208_000,
  peak_rss_mb: 900,
  peak_device_mb: 12_000,
};

const findings: Findings = {
  machine: { value: machine },
  build: { value: { path: "a.node", rebuilt: true, seconds: 41.5 } },
  conformance: { value: { backend: "torch", specs: 4232, failures: 0, excluded: 3, failed: [] } },
  ops: { value: { passed: 42, failed: 0, failures: [] } },
  ranks: [{ value: { ranks: 1, travels: "NCCL 2.27.3", checks: 10, failed: 0 } }, { error: "2 ranks: exit code 1" }],
  steps: [
    { model: "base", batch: 256, dtype: "bf16", ours: { value: ours }, pytorch: { value: pytorch } },
    {
      model: "base",
      batch: 256,
      dtype: "fp32",
      ours: { value: { ...ours, gflops: 25_000 } },
      pytorch: { value: pytorch },
    },
  ],
  statedPeak: 1000,
  seconds: 300.4,
};

test("puts both sides of a step beside each other, with their share of the stated and of the measured peak", () => {
  expect(summarize(findings)).toEqual({
    check: "gpu",
    device: "NVIDIA H200",
    torch: "2.11.0+cu130",
    cuda: "13.0",
    tf32: false,
    peakTflops: { stated: 1000, measuredBf16: 780, measuredFp32: 50 },
    addonBuildSeconds: 41.5,
    conformance: { backend: "torch", specs: 4232, failures: 0, excluded: 3, failed: [] },
    ops: { passed: 42, failed: 0, failures: [] },
    ranks: [{ ranks: 1, travels: "NCCL 2.27.3", checks: 10, failed: 0 }, { error: "2 ranks: exit code 1" }],
    step: {
      base: {
        batch: 256,
        dtype: "bf16",
        ours: {
          imagesPerSecond: 3000,
          secondsPerStep: 0.08533,
          tflops: 250,
          peakDeviceMB: 9000,
          mfu: 0.25,
          ofMeasuredGemm: 0.3205,
        },
        pytorch: {
          imagesPerSecond: 2500,
          secondsPerStep: 0.1024,
          tflops: 208,
          peakDeviceMB: 12000,
          mfu: 0.208,
          ofMeasuredGemm: 0.2667,
        },
        ratio: 1.2,
      },
      "base-fp32": expect.objectContaining({
        ours: expect.objectContaining({ tflops: 25, mfu: null, ofMeasuredGemm: 0.5 }),
      }),
    },
    seconds: 300,
  });
});

test("a stage that failed stands as its error, and the others keep their numbers", () => {
  const failed = (name: string) => ({ error: `${name}: exit code 1.` });
  const [first] = findings.steps;
  const summary = summarize({
    ...findings,
    machine: failed("machine"),
    build: failed("build"),
    conformance: failed("conformance"),
    steps: [{ ...first!, pytorch: failed("PyTorch") }],
  });
  expect(summary).toMatchObject({
    device: null,
    machine: { error: "machine: exit code 1." },
    addonBuildSeconds: null,
    addonBuild: { error: "build: exit code 1." },
    conformance: { error: "conformance: exit code 1." },
    ops: { passed: 42 },
    step: {
      base: {
        ours: { imagesPerSecond: 3000, ofMeasuredGemm: null },
        pytorch: { error: "PyTorch: exit code 1." },
        ratio: null,
      },
    },
  });
});

test("names the first twenty of many failed specs", () => {
  const failed = Array.from({ length: 3000 }, (_, index) => ({ spec: `${index}`, message: "no device" }));
  const value = { specs: 4232, failures: 3000, excluded: 0, failed };
  const summary = summarize({ ...findings, conformance: { value } }) as { conformance: { failed: unknown[] } };
  expect(summary.conformance).toMatchObject({ specs: 4232, failures: 3000 });
  expect(summary.conformance.failed.length).toBe(20);
});

test("a step that printed no rates is an error", () => {
  const [first] = findings.steps;
  const summary = summarize({ ...findings, steps: [{ ...first!, ours: { value: {} } }] });
  expect(summary).toMatchObject({
    step: { base: { ours: { error: expect.stringContaining("without them") }, ratio: null } },
  });
});

test("knows the datasheet's peak of a device by its name", () => {
  expect(datasheetPeak("NVIDIA H200")).toBe(989);
  expect(datasheetPeak("NVIDIA A100-SXM4-80GB")).toBe(312);
  expect(datasheetPeak("cpu")).toBeUndefined();
});
