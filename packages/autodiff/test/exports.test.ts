import { expect, it } from "vitest";
import * as autodiff from "../src/index.js";

it("exports these names", () => {
  expect(Object.keys(autodiff).sort()).toEqual([
    "backward",
    "recompute",
    "registerGradients",
    "runOperation",
    "valueAndGrad",
  ]);
});
