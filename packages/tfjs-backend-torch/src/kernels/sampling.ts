import { makeRandom } from "@graticule/core";
import type { KernelConfig, MultinomialAttrs } from "@tensorflow/tfjs-core";
import { customKernel, readValues } from "../define-kernel.js";
import { nativeKernel } from "../kernel-call.js";

const softmax = nativeKernel("Softmax");

/** Random draws that tfjs leaves to the backend. */
export const samplingKernels: KernelConfig[] = [
  customKernel<MultinomialAttrs>("Multinomial", ({ logits }, { numSamples, seed, normalized }, backend) => {
    const probabilities = normalized ? logits! : softmax(backend, [logits!, 1])[0]!;
    const values = readValues(backend, probabilities);
    if (!normalized) backend.disposeIntermediate(probabilities);
    const [batch, events] = logits!.shape as [number, number];
    const drawn = new Int32Array(batch * numSamples);
    const random = makeRandom(Math.floor(seed * 2 ** 31), "multinomial");
    for (let b = 0; b < batch; b++) {
      for (let s = 0; s < numSamples; s++) {
        let event = 0;
        const target = random.float();
        for (let sum = values[b * events] as number; event < events - 1 && target >= sum; ) {
          sum += values[b * events + ++event] as number;
        }
        drawn[b * numSamples + s] = event;
      }
    }
    return backend.makeTensorInfo([batch, numSamples], "int32", drawn);
  }),
];
