import { existsSync } from "node:fs";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { describe, expect, test } from "vitest";
import { tfjsNodeBinding } from "../../tensorflow/find-tfjs-node.mjs";
import { errorsOf } from "../errors-of.js";
import { measureBackend, measuredBackends } from "../measure-backend.js";

const lacks: Readonly<Record<string, string | false>> = {
  torch: !isAddonBuilt() && " (skipped: the torch addon is not built)",
  tensorflow: !existsSync(tfjsNodeBinding) && " (skipped: tfjs-node is not built, run `npm run tensorflow`)",
};

describe.each(measuredBackends)("$title", (measured) => {
  const lack = lacks[measured.backend] || "";
  test.skipIf(lack)(
    `every op and a tiny MAE's training agree with PyTorch within the stated tolerance${lack}`,
    // A process of its own may be slow to start beside others.
    { timeout: 240_000 },
    async () => {
      const errors = await measureBackend(measured);
      expect(Object.keys(errors).length).toBeGreaterThan(12);
      for (const [name, { output, gradient }] of Object.entries(errors)) {
        expect.soft(output.relative, `${name}: output`).toBeLessThan(measured.tolerance);
        expect.soft(gradient?.relative ?? 0, `${name}: gradient`).toBeLessThan(measured.tolerance);
      }
    },
  );
});

test("errors are the largest difference, also relative to the largest value; NaN is the worst of all", () => {
  const computed = { a: { output: [1, -4.5], gradient: [0, 0.25] }, b: { output: [Number.NaN] } };
  expect(errorsOf(computed, { a: { output: [1, -5], gradient: [0, 0] }, b: { output: [1] } })).toEqual({
    a: { output: { absolute: 0.5, relative: 0.1 }, gradient: { absolute: 0.25, relative: 0.25 } },
    b: { output: { absolute: Number.POSITIVE_INFINITY, relative: Number.POSITIVE_INFINITY } },
  });
});

test("a reference that lacks something is an error", () => {
  expect(() => errorsOf({ a: { output: [1] } }, {})).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: numerics: expected a reference for a, got none. Rebuild it.]`,
  );
  expect(() => errorsOf({ a: { output: [1] } }, { a: { output: [1, 2] } })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: numerics: expected 2 values of a, got 1.]`,
  );
});
