import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { io } from "@tensorflow/tfjs-core";

const weightsName = "weights.bin";

/**
 * A model on disk, for `tf.loadGraphModel`, `tf.loadLayersModel` and `model.save`, which by themselves only know URLs.
 *
 * Layout: `path` is a `model.json`; the weight files that it lists lie beside it. Saving writes one, `weights.bin`.
 */
export function modelFile(path: string): io.IOHandler {
  return {
    async load() {
      const json = JSON.parse(await readFile(path, "utf8")) as io.ModelJSON;
      return io.getModelArtifactsForJSON(json, async (manifest) => {
        const names = manifest.flatMap(({ paths }) => paths);
        const parts = await Promise.all(names.map((name) => readFile(join(dirname(path), name))));
        return [manifest.flatMap(({ weights }) => weights), io.concatenateArrayBuffers(parts.map(asArrayBuffer))];
      });
    },

    async save(artifacts) {
      const { weightData, weightSpecs, getWeightStream, ...described } = artifacts;
      const json = { ...described, weightsManifest: [{ paths: [weightsName], weights: weightSpecs ?? [] }] };
      await mkdir(dirname(path), { recursive: true });
      await writeFile(join(dirname(path), weightsName), new Uint8Array(io.CompositeArrayBuffer.join(weightData)));
      await writeFile(path, JSON.stringify(json));
      return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
    },
  };
}

const asArrayBuffer = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer;
