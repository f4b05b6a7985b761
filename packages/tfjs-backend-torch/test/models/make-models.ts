/**
 * Rebuilds the models in test/fixtures:
 *   node --conditions=@graticule/source --import tsx packages/tfjs-backend-torch/test/models/make-models.ts
 */
import { fileURLToPath } from "node:url";
import "@tensorflow/tfjs-backend-cpu";
import { modelFile } from "../../src/index.js";
import { makeGraphModel } from "./graph-model.js";
import { makeLayersModel } from "./layers-model.js";

const file = (name: string) => modelFile(fileURLToPath(new URL(`../fixtures/${name}/model.json`, import.meta.url)));

await file("graph-model").save?.(makeGraphModel());
await makeLayersModel().save(file("layers-model"));
