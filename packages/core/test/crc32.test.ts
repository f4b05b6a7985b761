import { expect, it } from "vitest";
import { crc32, crc32c } from "../src/index.js";

const text = new TextEncoder().encode("123456789");

it("crc32 gives the check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms", () => {
  expect(crc32(text)).toBe(0xcbf43926);
});

it("crc32c gives the values of RFC 3720, appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  expect(crc32c(text)).toBe(0xe3069283);
});
