import { expect, test } from "vitest";
import { formatRows } from "../rows.js";

test("rows are aligned, and advice stands below what is missing", () => {
  const text = formatRows([
    { what: "Node", status: "ok", found: "20.0.0" },
    { what: "LibTorch", status: "missing", found: "slower", advice: "apt-get install libtorch-dev" },
  ]);
  expect(text).toBe(
    [
      "Node      ok       20.0.0",
      "LibTorch  missing  slower",
      "                   → apt-get install libtorch-dev",
    ].join("\n"),
  );
});
