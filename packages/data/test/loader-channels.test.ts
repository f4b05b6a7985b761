import { expect, test } from "vitest";
import { assertSameChannels } from "../src/index.js";

const trained = [
  { name: "red", mean: 80, std: 20 },
  { name: "nir", mean: 90, std: 30 },
];

test("channels in another order are refused before a batch is made, and statistics don't matter", () => {
  expect(() => assertSameChannels(trained, [{ name: "red" }, { name: "nir" }])).not.toThrow();
  expect(() => assertSameChannels(trained, [{ name: "nir" }, { name: "red" }])).toThrow(
    /expected name red for channel 0 \('red'\), got nir/,
  );
  expect(() => assertSameChannels(trained, [{ name: "red" }])).toThrow(/expected 2 channels/);
});
