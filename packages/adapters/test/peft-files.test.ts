import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesSource, parseSafetensorsHeader, readSafetensorsHeader } from "@graticule/nn";
import { expect, it } from "vitest";
import { describeModelsOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import {
  addLora,
  disableAdapters,
  encodeAdapter,
  loadAdapter,
  mergeAdapters,
  trainableParameters,
} from "../src/index.js";
import { adapterFiles, expected, fixtureModel, logits } from "./peft-fixture.js";
import { disturb } from "./tiny-model.js";

const python = [process.env.GRATICULE_PEER_PYTHON, "python3"].find(
  (each) => each && spawnSync(each, ["-c", "import peft, torch"]).status === 0,
);

/** Logits of a folder by Python's peft. */
function inPython(folder: string): number[] {
  const script = fileURLToPath(new URL("../../../tooling/fixtures/check-peft-adapter.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(python as string, [script, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) as string) as number[];
}

const rejected = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing",
    (error: Error) => `${error.name}: ${error.message}`,
  );

describeModelsOnBackends("PEFT's files", (backend) => {
  it.each(["lora", "rslora", "dora", "ia3"])("of Python give its outputs: %s", async (folder) => {
    const model = await fixtureModel();
    expectClose(logits(model), expected.base as number[], 2e-6);
    await loadAdapter(model, adapterFiles(folder));
    expectClose(logits(model), expected[folder] as number[], 2e-6);
    mergeAdapters(model);
    expectClose(logits(model), expected[folder] as number[], 2e-6);
  });

  it.each(["lora", "rslora", "dora", "ia3"])("are written with the tensors that were read: %s", async (folder) => {
    const files = adapterFiles(folder);
    const model = await loadAdapter(await fixtureModel(), files);
    const written = await encodeAdapter(model, "default");
    const [before, after] = [files.tensors, written.tensors].map((bytes) => {
      const { tensors } = parseSafetensorsHeader("adapter", bytes, bytes.byteLength);
      return new Map(
        Array.from(tensors, ([name, { offset, bytes: length, shape }]) => [
          name,
          `[${shape}] ${Buffer.from(bytes.subarray(offset, offset + length)).toString("base64")}`,
        ]),
      );
    }) as [Map<string, string>, Map<string, string>];
    expect(new Map([...after].sort())).toEqual(new Map([...before].sort()));
    const again = await loadAdapter(await fixtureModel(), written);
    expect(logits(again)).toEqual(logits(model));
    disableAdapters(again);
    expectClose(logits(again), expected.base as number[], 2e-6);
  });

  it("name the base's hash and refuse another", async () => {
    const model = addLora(await fixtureModel(), {
      loraRank: 2,
      loraAlpha: 4,
      targets: ["blocks.**"],
      modulesToSave: ["head"],
      seed: 3,
    });
    disturb(model, /adapter|head/);
    const files = await encodeAdapter(model, "default");
    const { metadata } = await readSafetensorsHeader(bytesSource("adapter", files.tensors));
    expect(metadata.graticule_base_sha256).toMatch(/^[0-9a-f]{64}$/);
    const other = await fixtureModel();
    disturb(other, /^head/); // trained with the adapter, so no part of its base
    expect(logits(await loadAdapter(other, files))).toEqual(logits(model));
    const another = await fixtureModel();
    disturb(another, /blocks.0.norm1.bias/);
    const message = await rejected(loadAdapter(another, files));
    expect(message.replaceAll(/[0-9a-f]{16}…/g, "HASH")).toBe(
      "MismatchError: loadAdapter 'default': expected the base that it was trained on, sha256 HASH, got one of sha256 HASH. Load the base's own weights first, or pass anyBase where another one is meant.",
    );
    expect(another.namedParameters().every(([path, { trainable }]) => trainable && !path.includes("adapter"))).toBe(
      true,
    );
    await loadAdapter(another, files, { anyBase: true });
  });

  it("refuse what would not be computed as written", async () => {
    const { config, tensors } = adapterFiles("lora");
    const changed = (change: object): string => JSON.stringify({ ...JSON.parse(config), ...change });
    const load = async (text: string, bytes = tensors): Promise<string> =>
      rejected(loadAdapter(await fixtureModel(), { config: text, tensors: bytes }));
    const renamed = Buffer.from(
      Buffer.from(tensors).toString("latin1").replace("blocks.1.attn.qkv.lora_B", "blocks.9.attn.qkv.lora_B"),
      "latin1",
    );
    expect([
      await load("{"),
      await load(changed({ peft_type: "VERA" })),
      await load(changed({ lora_bias: true })),
      await load(changed({ bias: "some" })),
      await load(config, renamed),
      await load(config, tensors.subarray(0, 100)),
    ]).toMatchSnapshot();
  });

  it("hold no empty tensors and no parts of tensors", async () => {
    const model = addLora(await fixtureModel(), { loraRank: 2, loraAlpha: 4, targets: ["blocks.*.attn.qkv"], seed: 3 });
    const empty = { tensors: new Map(), read: async () => new Float32Array(0) };
    expect(await rejected(encodeAdapter(model, "default", { source: empty }))).toBe(
      "MismatchError: encodeAdapter 'default': expected 16 values of base_model.model.blocks.0.attn.qkv.lora_A.weight [2, 8], got 0. Pass a source that has the tensors whole, such as a checkpoint.",
    );
    model.blocks[0]?.attn.qkv.adapter?.divide({ dim: 0, ranges: [[0, 12]] }, (x) => x);
    expect(await rejected(encodeAdapter(model, "default"))).toContain("expected 48 values");
  });

  it.skipIf(!python || backend !== "cpu")(
    `are read by Python's peft${python ? "" : " (no Python with peft here)"}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "adapter-"));
      try {
        const options = { loraRank: 2, loraAlpha: 5, rsLora: true, targets: ["blocks.**"], seed: 3 };
        for (const extra of [
          { targets: ["blocks.*.attn.qkv.{q,v}", "blocks.*.mlp.fc1"], modulesToSave: ["head"], layers: [1] },
          { bias: "lora_only" as const },
          { dora: true },
        ]) {
          const model = addLora(await fixtureModel(), { ...options, ...extra });
          const trained = [...trainableParameters(model).byPath.keys()];
          disturb(model, new RegExp(`^(?:${trained.join("|")})$`));
          const { config, tensors } = await encodeAdapter(model, "default");
          writeFileSync(join(folder, "adapter_config.json"), config);
          writeFileSync(join(folder, "adapter_model.safetensors"), tensors);
          expectClose(inPython(folder), logits(model), 2e-6);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
