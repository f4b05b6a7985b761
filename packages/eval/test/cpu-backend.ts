import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll } from "vitest";

/** Runs the file's tests on tfjs's plain JavaScript backend, without its notice about Node. */
export function useCpuBackend(): void {
  beforeAll(async () => {
    tf.env().set("IS_TEST", true);
    await tf.setBackend("cpu");
  });
}
