import { profileKernels } from "@graticule/tfjs-backend-torch";
import { median, rounded } from "../harness/median.js";

/**
 * Where the time of a step goes: `jsShare`, the median share of a step outside native kernels (JavaScript, and data moved
 * and freed), and each kernel's calls, milliseconds and share a step, the longest first.
 */
export function profileStep(step: (index: number) => unknown, steps: number) {
  const profiles = Array.from({ length: steps }, (_, index) => profileKernels(() => step(index)));
  const milliseconds = profiles.reduce((sum, profile) => sum + profile.milliseconds, 0);
  const totals = new Map<string, { calls: number; milliseconds: number }>();
  for (const { name, calls, milliseconds } of profiles.flatMap((profile) => profile.calls)) {
    const total = totals.get(name) ?? { calls: 0, milliseconds: 0 };
    totals.set(name, { calls: total.calls + calls, milliseconds: total.milliseconds + milliseconds });
  }
  const kernels = [...totals].sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
  return {
    jsShare: rounded(median(profiles.map((profile) => 1 - profile.kernelMilliseconds / profile.milliseconds))),
    secondsPerStep: rounded(milliseconds / steps / 1000),
    kernels: Object.fromEntries(
      kernels.map(([name, total]) => [
        name,
        {
          callsPerStep: rounded(total.calls / steps),
          millisecondsPerStep: rounded(total.milliseconds / steps),
          share: rounded(total.milliseconds / milliseconds),
        },
      ]),
    ),
  };
}
