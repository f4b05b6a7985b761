import { readFileSync } from "node:fs";
import { bytesSource, openSafetensorsState, readSafetensorsHeader, type TensorFile } from "@graticule/nn";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** Values that PyTorch computed, written by a script in tooling/fixtures that their metadata names. */
export interface Fixture<Metadata> {
  readonly metadata: Metadata;
  readonly weights: TensorFile;
  names(prefix: string): string[];
  values(name: string): Promise<Float32Array>;
  tensor(name: string): Promise<Tensor>;
}

export async function openFixture<Metadata>(name: string): Promise<Fixture<Metadata>> {
  const bytes = readFileSync(new URL(`fixtures/${name}.safetensors`, import.meta.url));
  const source = bytesSource(name, bytes);
  const state = await openSafetensorsState(source);
  const { metadata } = await readSafetensorsHeader(source);
  const names = (prefix: string) =>
    [...state.tensors.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  return {
    metadata: JSON.parse(metadata.fixture!) as Metadata,
    weights: {
      tensors: new Map(names("model.").map((key) => [key, state.tensors.get(`model.${key}`)!])),
      read: (key) => state.read(`model.${key}`),
    },
    names,
    values: (key) => state.read(key),
    tensor: async (key) => tensor(await state.read(key), [...state.tensors.get(key)!.shape]),
  };
}

/** Fails unless no value is further from the reference than `tolerance` times its largest value (at least 1). */
export async function expectClose(actual: Tensor, expected: Float32Array, tolerance: number): Promise<void> {
  const values = await actual.data();
  expect(values.length).toBe(expected.length);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  const worst = expected.reduce((error, value, index) => Math.max(error, Math.abs(value - values[index]!)), 0);
  expect(worst / scale).toBeLessThan(tolerance);
}
