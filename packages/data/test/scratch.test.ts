import { expect, test } from "vitest";
import { giveScratch, takeScratch } from "../src/arrays.js";

test("memory that was given back is taken again, and never by two", () => {
  const first = takeScratch(1000);
  const second = takeScratch(1000);
  expect([first.length, second.length]).toEqual([1000, 1000]);
  expect(second.buffer).not.toBe(first.buffer);
  giveScratch(first);
  giveScratch(first);
  expect(takeScratch(900).buffer).toBe(first.buffer);
  expect(takeScratch(900).buffer).not.toBe(first.buffer);
});

test("memory from elsewhere is left alone, and little memory is kept", () => {
  const foreign = new Uint8Array(2 ** 16);
  giveScratch(foreign);
  expect(takeScratch(10).buffer).not.toBe(foreign.buffer);
  const large = Array.from({ length: 3 }, () => takeScratch(2 ** 24));
  for (const bytes of large) giveScratch(bytes);
  const again = large.map(() => takeScratch(2 ** 24).buffer);
  expect(again.filter((buffer) => large.some((bytes) => bytes.buffer === buffer))).toHaveLength(2);
});
