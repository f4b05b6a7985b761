import { profileKernels } from "@graticule/tfjs-backend-torch";
import { median } from "./run-json.js";

/** Where the time of one step goes; means over the profiled steps. */
export interface StepProfile {
  /** Share of the step outside native kernels: JavaScript, and data moved and freed. */
  readonly jsShare: number;
  readonly secondsPerStep: number;
  readonly kernels: readonly {
    readonly name: string;
    readonly callsPerStep: number;
    readonly millisecondsPerStep: number;
    readonly share: number;
  }[];
}

/** Profiles some steps; `jsShare` is the median over them. */
export function profileStep(step: (index: number) => unknown, steps: number): StepProfile {
  const profiles = Array.from({ length: steps }, (_, index) => profileKernels(() => step(index)));
  const milliseconds = profiles.reduce((sum, profile) => sum + profile.milliseconds, 0);
  const totals = new Map<string, { calls: number; milliseconds: number }>();
  for (const { name, calls, milliseconds } of profiles.flatMap((profile) => profile.calls)) {
    const total = totals.get(name) ?? { calls: 0, milliseconds: 0 };
    totals.set(name, { calls: total.calls + calls, milliseconds: total.milliseconds + milliseconds });
  }
  return {
    jsShare: rounded(median(profiles.map((profile) => 1 - profile.kernelMilliseconds / profile.milliseconds))),
    secondsPerStep: rounded(milliseconds / steps / 1000),
    kernels: [...totals]
      .map(([name, total]) => ({
        name,
        callsPerStep: rounded(total.calls / steps),
        millisecondsPerStep: rounded(total.milliseconds / steps),
        share: rounded(total.milliseconds / milliseconds),
      }))
      .sort((a, b) => b.share - a.share),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
