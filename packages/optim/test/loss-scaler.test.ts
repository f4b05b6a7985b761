import { expect, it } from "vitest";
import { makeLossScaler } from "../src/index.js";

it("follows torch.amp.GradScaler", () => {
  const scaler = makeLossScaler({ initialScale: 1024, growthInterval: 3 });
  const isGood = [1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1];
  const scales = isGood.map((good) => {
    scaler.update(good === 1);
    return scaler.scale;
  });
  // Recorded from PyTorch 2.13's on the CPU, with the same settings and infinite gradients where it is 0.
  expect(scales).toEqual([1024, 1024, 2048, 1024, 1024, 1024, 512, 256, 256, 256, 512, 512, 512, 1024, 1024]);
});

it("stops falling at its least scale, and growing where float32 ends", () => {
  const low = makeLossScaler({ initialScale: 3, minScale: 2 });
  expect(low.canFall).toBe(true);
  low.update(false);
  expect(low.scale).toBe(2);
  expect(low.canFall).toBe(false);
  const high = makeLossScaler({ initialScale: 2 ** 127, growthInterval: 1 });
  high.update(true);
  expect(high.scale).toBe(2 ** 127);
});

it("goes on from its state, and refuses another", () => {
  const first = makeLossScaler({ initialScale: 8, growthInterval: 3 });
  for (const good of [true, true]) first.update(good);
  const second = makeLossScaler({ initialScale: 8, growthInterval: 3 });
  second.load(JSON.parse(JSON.stringify(first.state())));
  for (const scaler of [first, second]) scaler.update(true);
  expect([second.scale, second.state()]).toEqual([16, first.state()]);
  expect(() => second.load({ scale: Number.NaN, goodSteps: 0 })).toThrow(/expected a scale of at least 1, got NaN/);
  expect(() => makeLossScaler({ backoffFactor: 1 })).toThrow("expected a backoffFactor between 0 and 1, got 1");
});
