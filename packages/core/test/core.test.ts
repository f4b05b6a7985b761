import { expect, test } from "vitest";
import {
  compilePathPattern,
  formatBytes,
  formatDuration,
  makeLogger,
  makeRandom,
  philox4x32,
  ShapeError,
  selectPaths,
} from "../src/index.js";

test("philox4x32 equals the known answers of its authors' test vectors", () => {
  const ones = 0xffffffff;
  expect(philox4x32([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  expect(philox4x32([ones, ones, ones, ones], [ones, ones])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  expect(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
    0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
  ]);
});

test("streams with different paths differ, equal paths repeat", () => {
  const draw = (...path: (string | number)[]) => makeRandom(7, ...path).uint32();
  expect(draw("mask", 1, 2)).toBe(draw("mask", 1, 2));
  const values = new Set([draw("mask", 1, 2), draw("mask", 2, 1), draw("crop", 1, 2), draw("mask", 1), draw()]);
  expect(values.size).toBe(5);
});

test("a permutation holds every index once", () => {
  const order = makeRandom(1).permutation(1000);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
});

test("normal values have mean 0 and variance 1 within four standard errors", () => {
  const random = makeRandom(3);
  const values = Array.from({ length: 20000 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(20000));
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 20000));
});

test("a stream jumps to its parts from anywhere", () => {
  const draw = (random: ReturnType<typeof makeRandom>) => Array.from({ length: 5 }, () => random.uint32());
  const [a, b] = [makeRandom(3, "x"), makeRandom(3, "x")];
  const start = draw(a);
  a.normal();
  a.jump(7);
  const seventh = draw(a);
  b.jump(7);
  expect(draw(b)).toEqual(seventh);
  a.jump(0);
  expect(draw(a)).toEqual(start);
  expect(new Set([...start, ...seventh]).size).toBe(10);
  expect(() => a.jump(-1)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: random.jump: expected a part from 0 to 2^32 - 1, got -1.]`,
  );
});

test("makeRandom refuses fractions and negatives", () => {
  expect(() => makeRandom(-1)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: makeRandom: expected non-negative integers, got -1. Use whole numbers for seed and path.]`,
  );
});

test("path patterns match segments, depths and alternatives", () => {
  const matches = compilePathPattern("blocks.*.attn.{qkv,proj}.weight");
  expect(matches("blocks.11.attn.qkv.weight")).toBe(true);
  expect(matches("blocks.11.attn.norm.weight")).toBe(false);
  expect(matches("blocks.1.2.attn.qkv.weight")).toBe(false);
  expect(compilePathPattern("**.bias")("a.b.bias")).toBe(true);
  expect(compilePathPattern("**.bias")("bias")).toBe(true);
  expect(compilePathPattern("decoder_*")("decoder_embed")).toBe(true);
});

test("a pattern that matches nothing is an error", () => {
  expect(() => selectPaths("block.*", ["blocks.0.weight"])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: selectPaths: expected 'block.*' to match at least one of 1 paths, got none. Paths look like 'blocks.0.weight'.]`,
  );
});

test("errors carry a stable code and the one message form", () => {
  const error = new ShapeError("PatchEmbed", "6 channels", "[1, 3, 32, 32]", "Set inChannels.");
  expect(error.code).toBe("GRATICULE_SHAPE");
  expect(error.name).toBe("ShapeError");
  expect(error.message).toBe("PatchEmbed: expected 6 channels, got [1, 3, 32, 32]. Set inChannels.");
});

test("bytes, durations and log lines read as people write them", () => {
  expect([0, 1023, 1536, 5 * 1024 ** 3].map(formatBytes)).toEqual(["0 B", "1023 B", "1.50 KiB", "5.00 GiB"]);
  expect([0.85, 12.34, 245, 7380].map(formatDuration)).toEqual(["850 ms", "12.3 s", "4 min 05 s", "2 h 03 min"]);
  const lines: string[] = [];
  const logger = makeLogger((line) => lines.push(line), "info");
  logger.debug("hidden");
  logger.info("shown", { step: 3 });
  logger.warn("careful");
  expect(lines).toEqual(['shown {"step":3}', "warn: careful"]);
});
