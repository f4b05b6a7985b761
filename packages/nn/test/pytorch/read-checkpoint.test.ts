import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fuzzLimit } from "../../../../tooling/test/fuzz-limit.js";
import { bytesSource, openPyTorchState, openSafetensorsState } from "../../src/index.js";
import { zipOf } from "./zip-of.js";

const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/pytorch/${name}`, import.meta.url));
const open = (name: string, key?: string) =>
  openPyTorchState(bytesSource(name, bytesOf(name)), key === undefined ? {} : { key });

/** The instructions of a pickle in latin-1, as the archive's data.pkl beside one storage of 4 float32 zeros. */
const pickled = (text: string) =>
  zipOf({ "a/data.pkl": Uint8Array.from(text, (letter) => letter.charCodeAt(0)), "a/data/0": 16 });
/** A tensor over storage 0 with these operands: "offset, (shape), (strides)". */
const tensorOf = (operands: string, length = "K\x04") =>
  `ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu${length}tQ${operands}\x89ccollections\nOrderedDict\n)RtR`;
const stateOf = (tensor: string) => `\x80\x02}X\x01\0\0\0w${tensor}s.`;
const refusal = async (text: string): Promise<string> =>
  openPyTorchState(pickled(text)).then(
    () => "no error",
    (error: Error & { code?: string }) => `${error.code} ${error.message}`,
  );

test("every dtype, views and parameters of a state dict that torch.save wrote are read by name", async () => {
  const state = await open("values.pth");
  const dtypes = Array.from(state.tensors, ([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`);
  expect(dtypes).toEqual([
    "f32 F32 [2,3]",
    "f16 F16 [3]",
    "bf16 BF16 [3]",
    "f64 F64 [2]",
    "i64 I64 []",
    "i32 I32 [2]",
    "i16 I16 [2]",
    "i8 I8 [2]",
    "u8 U8 [2]",
    "bool BOOL [2]",
    "parameter F32 [2]",
    "transposed F32 [6,4]",
    "window F32 [2,3]",
    "step F32 [2]",
    "empty F32 [0,3]",
  ]);
  const values = async (name: string) => Array.from(await state.read(name));
  expect(await values("f32")).toEqual([1.5, -2, 3, 0.1, 1e-30, -1e30].map(Math.fround));
  expect(await values("f16")).toEqual([1.5, 65504, 2 ** -24]);
  expect(await values("bf16")).toEqual([1.5, -3, 3.3895313892515355e38]);
  expect(await values("f64")).toEqual([Math.fround(0.1), -0]);
  expect(await values("i64")).toEqual([7]);
  expect(await values("i32")).toEqual([-(2 ** 31), 5]);
  expect(await values("i16")).toEqual([-300, 300]);
  expect(await values("i8")).toEqual([-128, 127]);
  expect(await values("u8")).toEqual([0, 255]);
  expect(await values("bool")).toEqual([1, 0]);
  expect(await values("parameter")).toEqual([4, 5]);
  expect(await values("transposed")).toEqual([0, 1, 2, 3, 4, 5].flatMap((row) => [row, row + 6, row + 12, row + 18]));
  expect(await values("window")).toEqual([8, 9, 10, 14, 15, 16]);
  expect(await values("step")).toEqual([1, 13]);
  expect(await values("empty")).toEqual([]);
  expect((await open("values.pth", "model")).tensors.size).toBe(15);
  await expect(open("values.pth", "ema")).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: values.pth: expected a dictionary of tensors 'ema', got model. Name one of them as the key.]`,
  );
  await expect(state.read("w")).rejects.toThrow("values.pth: expected one of its 15 tensors, got 'w'.");
});

test("a class, a legacy file and other formats are refused by what they are", async () => {
  await expect(open("class.pth")).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: class.pth, data.pkl, byte 195: expected tensors and plain containers, got '__main__.Config'. It is not read, since that would run code. Where you trust the file, save its tensors alone: torch.save(model.state_dict(), 'weights.pth').]`,
  );
  await expect(open("legacy.pth")).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: legacy.pth: expected a ZIP archive as torch.save writes it since PyTorch 1.6, got a file of the format before. Convert it: python -c "import torch; torch.save(torch.load('old.pth', map_location='cpu', weights_only=True), 'new.pth')".]`,
  );
  await expect(openPyTorchState(bytesSource("photo.jpg", Uint8Array.of(255, 216, 255, 224)))).rejects.toThrow(
    "photo.jpg: expected a ZIP archive as torch.save writes it since PyTorch 1.6, got bytes 255 216 255 224.",
  );
  await expect(openPyTorchState(zipOf({ "a/other.txt": 4 }))).rejects.toThrow(
    /data\.pkl of at most .*got 1 other files/,
  );
});

test("a pickle that calls, builds or claims anything else is refused, and nothing runs", async () => {
  const shape = "(K\x02t(K\x01t";
  expect(await refusal(stateOf(tensorOf(`K\0${shape}`)))).toBe("no error");
  const cases: Record<string, string> = {
    "os.system": "cos\nsystem\n(X\x02\0\0\0lstR.",
    "builtins.eval by STACK_GLOBAL": "\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
    "a call of what is no function": "\x80\x02X\x01\0\0\0x)R.",
    "a call of a storage": "ctorch\nFloatStorage\n)R.",
    "an instruction that instantiates": "(ios\nsystem\n.",
    EXT1: "\x82\x01.",
    "attributes of a list": "]}b.",
    "a tensor beyond its storage": stateOf(tensorOf("K\x03(K\x02t(K\x01t")),
    "a tensor with more values than its storage": stateOf(tensorOf("K\0(J\xff\xff\xff\x7ft(K\0t")),
    "a negative stride": stateOf(tensorOf("K\x03(K\x02t(J\xff\xff\xff\xfft")),
    "a storage that its file doesn't hold": stateOf(tensorOf(`K\0${shape}`, "K\x05")),
    "a storage of another kind": "(X\x06\0\0\0moduletQ.",
    "text beyond the end": "X\xff\xff\xff\xffabc.",
    "an integer of 255 bytes": "\x8a\xff.",
    "a stack that runs out": "\x85.",
    "items without a mark": "]e.",
    "something never remembered": "h\x07.",
    "an end without a value": ".",
    "no end": "\x80\x02}",
    "protocol 9": "\x80\x09N.",
    "no tensors": "}.",
  };
  const messages: Record<string, string> = {};
  for (const [name, text] of Object.entries(cases)) messages[name] = await refusal(text);
  expect(messages).toMatchInlineSnapshot(`
    {
      "EXT1": "GRATICULE_FORMAT archive.pth, data.pkl, byte 0: expected an instruction for plain data, got 0x82. The file is damaged, or no state dict.",
      "a call of a storage": "GRATICULE_FORMAT archive.pth, data.pkl, byte 21: expected a call of a known name, got another value. The file is damaged, or no state dict.",
      "a call of what is no function": "GRATICULE_FORMAT archive.pth, data.pkl, byte 9: expected a call of a known name, got another value. The file is damaged, or no state dict.",
      "a negative stride": "GRATICULE_FORMAT archive.pth, data.pkl, byte 136: expected arguments that its function takes, got 6 others. The file is damaged, or no state dict.",
      "a stack that runs out": "GRATICULE_FORMAT archive.pth, data.pkl, byte 0: expected a value on the stack, got none. The file is damaged, or no state dict.",
      "a storage of another kind": "GRATICULE_FORMAT archive.pth, data.pkl: expected a reference to a storage, got another one. The file is damaged, or no state dict.",
      "a storage that its file doesn't hold": "GRATICULE_FORMAT archive.pth, tensor 'w': expected 20 bytes in data/0, got 16. The file is truncated or changed; copy it again.",
      "a tensor beyond its storage": "GRATICULE_FORMAT archive.pth, data.pkl: expected a tensor within the 4 values of data/0, got [2] with strides [1] from value 3. Save a copy of an expanded view (tensor.clone()); else the file is damaged.",
      "a tensor with more values than its storage": "GRATICULE_FORMAT archive.pth, data.pkl: expected a tensor within the 4 values of data/0, got [2147483647] with strides [0] from value 0. Save a copy of an expanded view (tensor.clone()); else the file is damaged.",
      "an end without a value": "GRATICULE_FORMAT archive.pth, data.pkl, byte 0: expected one value at the end, got 0. The file is damaged, or no state dict.",
      "an instruction that instantiates": "GRATICULE_FORMAT archive.pth, data.pkl, byte 1: expected an instruction for plain data, got 0x69. The file is damaged, or no state dict.",
      "an integer of 255 bytes": "GRATICULE_FORMAT archive.pth, data.pkl, byte 2: expected an integer of at most 16 bytes, got 255. The file is damaged; copy it again.",
      "attributes of a list": "GRATICULE_FORMAT archive.pth, data.pkl, byte 2: expected attributes of a dictionary, got others. The file is damaged, or no state dict.",
      "builtins.eval by STACK_GLOBAL": "GRATICULE_FORMAT archive.pth, data.pkl, byte 18: expected tensors and plain containers, got 'builtins.eval'. It is not read, since that would run code. Where you trust the file, save its tensors alone: torch.save(model.state_dict(), 'weights.pth').",
      "items without a mark": "GRATICULE_FORMAT archive.pth, data.pkl, byte 1: expected a mark on the stack, got none. The file is damaged, or no state dict.",
      "no end": "GRATICULE_FORMAT archive.pth, data.pkl, byte 3: expected 1 more bytes, got 0. The file is damaged; copy it again.",
      "no tensors": "GRATICULE_MISMATCH archive.pth: expected one dictionary of tensors, got none. Save model.state_dict().",
      "os.system": "GRATICULE_FORMAT archive.pth, data.pkl, byte 0: expected tensors and plain containers, got 'os.system'. It is not read, since that would run code. Where you trust the file, save its tensors alone: torch.save(model.state_dict(), 'weights.pth').",
      "protocol 9": "GRATICULE_FORMAT archive.pth, data.pkl, byte 0: expected pickle protocol 2 to 5, got a later one. The file is damaged, or no state dict.",
      "something never remembered": "GRATICULE_FORMAT archive.pth, data.pkl, byte 0: expected a value that was remembered, got number 7. The file is damaged, or no state dict.",
      "text beyond the end": "GRATICULE_FORMAT archive.pth, data.pkl, byte 5: expected 4294967295 more bytes, got 4. The file is damaged; copy it again.",
    }
  `);
});

test("an archive with 64-bit fields is read by slices, and a tensor of 3 GB costs no more than its part", async () => {
  const length = 750_000_000;
  const numel = `J${String.fromCharCode(...new Uint8Array(Int32Array.of(length).buffer))}`;
  const text = stateOf(
    tensorOf(`J${String.fromCharCode(...new Uint8Array(Int32Array.of(length - 3).buffer))}(K\x03t(K\x01t`, numel),
  );
  const pickle = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const source = zipOf(
    { "m/data.pkl": pickle, "m/byteorder": new TextEncoder().encode("little"), "m/data/0": 4 * length },
    true,
  );
  const state = await openPyTorchState(source);
  expect(await state.read("w")).toEqual(Float32Array.of(0, 0, 0));
  expect(source.bytes).toBeGreaterThan(2 ** 31);
  expect(Math.max(...source.asked)).toBeLessThan(100_000);
  await expect(
    openPyTorchState(zipOf({ "m/data.pkl": pickle, "m/byteorder": new TextEncoder().encode("big") })),
  ).rejects.toThrow("archive.pth: expected little-endian values, got 'big'. Save it on a little-endian machine.");
});

test(
  "mutated files are read or refused, within the file's own size",
  async () => {
    const limit = fuzzLimit(500);
    const original = bytesOf("values.pth");
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; limit.goesOn(round); round++) {
      const bytes = Uint8Array.from(original);
      for (let change = random(4); change >= 0; change--) bytes[random(bytes.length)] = random(256);
      const cut = random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      const source = bytesSource("mutated.pth", cut);
      try {
        const state = await openPyTorchState({
          ...source,
          read: (offset, length) => {
            expect(offset + length).toBeLessThanOrEqual(cut.byteLength);
            return source.read(offset, length);
          },
        });
        for (const [name, { shape }] of state.tensors)
          expect((await state.read(name)).length).toBe(shape.reduce((size, side) => size * side, 1));
        outcomes.read += 1;
      } catch (error) {
        if (!["GRATICULE_FORMAT", "GRATICULE_MISMATCH"].includes((error as { code?: string }).code ?? "")) throw error;
        outcomes.refused += 1;
      }
    }
    expect(outcomes.read * outcomes.refused).toBeGreaterThan(0);
  },
  fuzzLimit(500).timeoutMs,
);

test("the openers of all formats give the same kind of state", async () => {
  const safetensors = readFileSync(new URL("../fixtures/half-precision.safetensors", import.meta.url));
  const [a, b] = [await openSafetensorsState(bytesSource("h", safetensors)), await open("values.pth")];
  expect([a.tensors.get("as_bf16")!.dtype, b.tensors.get("bf16")!.dtype]).toEqual(["BF16", "BF16"]);
});
