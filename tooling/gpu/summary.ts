import type { Outcome } from "./run-stage.js";

/** What torch-machine.py prints. */
export interface Machine {
  readonly torch: string;
  readonly root: string;
  readonly cuda: string | null;
  readonly device: string;
  readonly tf32: boolean;
  readonly gemm: { readonly side: number; readonly bf16: number; readonly fp32: number };
}

export interface StepRun {
  readonly model: string;
  readonly batch: number;
  readonly dtype: "bf16" | "fp32";
  readonly ours: Outcome;
  readonly pytorch: Outcome;
}

export interface Findings {
  readonly machine: Outcome;
  readonly build: Outcome;
  readonly conformance: Outcome;
  readonly ops: Outcome;
  /** On one rank and on two; why not, if there is no MPI. */
  readonly ranks: readonly Outcome[];
  readonly steps: readonly StepRun[];
  /** Vendor's dense bf16 rate of the device in TFLOP/s. */
  readonly statedPeak: number | undefined;
  readonly seconds: number;
}

/** Dense bf16 TFLOP/s that the vendors' datasheets state, by a part of the device's name (SXM where there are several). */
const datasheetPeaks: readonly (readonly [string, number])[] = [
  ["B200", 2250],
  ["H200", 989],
  ["H100", 989],
  ["A100", 312],
  ["L40S", 362],
];

export function datasheetPeak(device: string): number | undefined {
  return datasheetPeaks.find(([name]) => device.includes(name))?.[1];
}

/** Everything in one object: a stage that failed stands as `{ error }` where its numbers would. */
export function summarize({ machine, build, conformance, ops, ranks, steps, statedPeak, seconds }: Findings): object {
  const found = "value" in machine ? (machine.value as unknown as Machine) : undefined;
  const measured = found?.gemm.bf16;
  return {
    check: "gpu",
    ...(found
      ? { device: found.device, torch: found.torch, cuda: found.cuda, tf32: found.tf32 }
      : { device: null, torch: null, cuda: null, machine }),
    peakTflops: { stated: statedPeak ?? null, measuredBf16: measured ?? null, measuredFp32: found?.gemm.fp32 ?? null },
    ...("value" in build ? { addonBuildSeconds: build.value.seconds } : { addonBuildSeconds: null, addonBuild: build }),
    conformance: "value" in conformance ? shorten(conformance.value) : conformance,
    ops: "value" in ops ? ops.value : ops,
    ranks: ranks.map((each) => ("value" in each ? each.value : each)),
    step: Object.fromEntries(steps.map((run) => [stepKey(run), summarizeStep(run, statedPeak, found)])),
    seconds: Math.round(seconds),
  };
}

/** A backend without a device fails thousands of specs; the first tell why. */
function shorten({ failed, ...counts }: Record<string, unknown>): object {
  return { ...counts, failed: Array.isArray(failed) ? failed.slice(0, 20) : [] };
}

const stepKey = ({ model, dtype }: StepRun): string => (dtype === "bf16" ? model : `${model}-${dtype}`);

function summarizeStep(
  { batch, dtype, ours, pytorch }: StepRun,
  stated: number | undefined,
  machine?: Machine,
): object {
  const sides = { ours: readOurs(ours), pytorch: readPytorch(pytorch) };
  const measured = machine?.gemm[dtype];
  const rate = (side: Side): object =>
    "error" in side
      ? side
      : {
          ...side,
          // The stated peak is that of bf16; float32 has no share of it.
          mfu: dtype === "bf16" && stated ? round(side.tflops / stated) : null,
          ofMeasuredGemm: measured ? round(side.tflops / measured) : null,
        };
  const comparable = "imagesPerSecond" in sides.ours && "imagesPerSecond" in sides.pytorch;
  return {
    batch,
    dtype,
    ours: rate(sides.ours),
    pytorch: rate(sides.pytorch),
    ratio: comparable ? round((sides.ours as Speed).imagesPerSecond / (sides.pytorch as Speed).imagesPerSecond) : null,
  };
}

interface Speed {
  readonly imagesPerSecond: number;
  readonly secondsPerStep: number;
  readonly tflops: number;
  readonly peakDeviceMB: number | null;
}

type Side = Speed | { readonly error: string };

function readOurs(outcome: Outcome): Side {
  if ("error" in outcome) return outcome;
  const { imagesPerSecond, secondsPerStep, gflops, peakDeviceMB = null } = outcome.value as Record<string, number>;
  return speed(imagesPerSecond, secondsPerStep, gflops, peakDeviceMB);
}

function readPytorch(outcome: Outcome): Side {
  if ("error" in outcome) return outcome;
  const { images_per_s, seconds_per_step, gflops, peak_device_mb = null } = outcome.value as Record<string, number>;
  return speed(images_per_s, seconds_per_step, gflops, peak_device_mb);
}

function speed(
  images: number | undefined,
  seconds: number | undefined,
  gflops: number | undefined,
  mb: number | null,
): Side {
  if (images === undefined || seconds === undefined || gflops === undefined)
    return { error: "step: expected images per second, seconds and GFLOP/s, got a line without them" };
  return {
    imagesPerSecond: round(images),
    secondsPerStep: round(seconds),
    tflops: round(gflops / 1000),
    peakDeviceMB: mb === null ? null : Math.round(mb),
  };
}

const round = (value: number): number => Number(value.toPrecision(4));
