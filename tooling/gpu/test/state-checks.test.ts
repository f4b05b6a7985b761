import "@tensorflow/tfjs-backend-cpu";
import { registerGradients } from "@graticule/autodiff";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { stateChecks } from "../state-checks.js";

const reason = isAddonBuilt() ? "" : " (skipped: the addon is not built, run `npx graticule-torch-build`)";

describe.skipIf(!isAddonBuilt())(`the checks of a device, on the CPU${reason}`, () => {
  beforeAll(async () => {
    tf.enableProdMode(); // no banner
    await tf.setBackend("torch");
    registerGradients();
  });

  it.each(Object.keys(stateChecks))("%s", (title) => {
    expect(stateChecks[title]?.()).toBeUndefined();
    tf.disposeVariables();
  });
});
