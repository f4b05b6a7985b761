import { adamW } from "@graticule/ops";
import { randomNormal, variable, zeros } from "@tensorflow/tfjs-core";
import { ADAMW_BYTES_PER_NUMBER } from "../benches/adamw-shapes.js";
import { openTorch, readSettings, report, secondsPerCall } from "./child.js";

/** Our side of `bench adamw`: one update of all parameters. */
const settings = readSettings<{ threads: number; shapes: number[][] }>();
await openTorch({ ...settings, dtype: "fp32" });

const slots = settings.shapes.map((shape) => ({
  parameter: variable(randomNormal(shape)),
  gradient: randomNormal(shape),
  first: variable(zeros(shape)),
  second: variable(zeros(shape)),
}));
const numbers = slots.reduce((sum, { parameter }) => sum + parameter.size, 0);
const hyper = { learningRate: 1e-4, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.05, gradScale: 1 };
let step = 0;
const seconds = secondsPerCall(() => {
  step += 1;
  for (const { parameter, gradient, first, second } of slots)
    adamW(parameter, gradient, first, second, { ...hyper, step });
});
report({ milliseconds: seconds * 1000, gigabytesPerSecond: (numbers * ADAMW_BYTES_PER_NUMBER) / seconds / 1e9 });
