import { expect, test } from "vitest";
import { canHeapGrow } from "../src/prepare-ucx.js";

const program = "0565d000-05689000 rw-p 00000000 00:00 0 ";
const heap = "0b0e7000-0b300000 rw-p 00000000 00:00 0                                  [heap]";

test("room behind the heap is what the kernel's table shows", () => {
  expect(canHeapGrow([program, heap, "0b300000-0b302000 rw-p 00000000 00:00 0 ", ""].join("\n"))).toBe(false);
  expect(canHeapGrow([program, heap, "0b3ff000-0b401000 rw-p 00000000 00:00 0 ", ""].join("\n"))).toBe(false);
  expect(canHeapGrow([program, heap, "0b400000-0b402000 rw-p 00000000 00:00 0 ", ""].join("\n"))).toBe(true);
  expect(canHeapGrow([program, heap, ""].join("\n"))).toBe(true);
  expect(canHeapGrow(program)).toBe(true);
});
