import { makeRandom } from "@graticule/core";
import { env, setBackend } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, test } from "vitest";
import { makeVit, vitConfig } from "../../src/index.js";
import { randomTensor } from "../random-tensor.js";

beforeAll(async () => {
  env().set("PROD", true); // Else tfjs prints advice to install another backend.
  await setBackend("cpu");
});

const size = {
  imageSize: [8, 12],
  inChannels: 2,
  patchSize: 4,
  embedDim: 8,
  depth: 3,
  numHeads: 2,
  mlpDim: 16,
} as const;

test("paths are dropped given streams alone, each image by its own, and the more the deeper", () => {
  const images = randomTensor([4, 2, 8, 12], 1);
  const vit = makeVit({ ...vitConfig("tiny", size), dropPathRate: 0.6 }, { seed: 5 });
  const plain = makeVit(vitConfig("tiny", size), { seed: 5 });
  expect(vit.blocks.map(({ rates }) => rates.dropPathRate)).toEqual([0, 0.3, 0.6]);
  expect(vit.forward(images).dataSync()).toEqual(plain.forward(images).dataSync());
  const places: string[] = [];
  const forward = (keys: readonly number[]) =>
    vit.forward(images, (place, image) => {
      places.push(place);
      return makeRandom(1, place, keys[image] as number);
    });
  const dropped = forward([0, 1, 2, 3]).dataSync();
  expect(dropped).not.toEqual(plain.forward(images).dataSync());
  expect(forward([0, 1, 2, 3]).dataSync()).toEqual(dropped);
  expect(new Set(places)).toContain("blocks.2.attn");
  expect(places.some((place) => place.startsWith("blocks.1."))).toBe(true);
});
