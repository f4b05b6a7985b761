/**
 * Frozen-feature evaluation and prediction, as the command `graticule-classify` does it.
 *
 * ```ts
 * import { evaluateConfig, evaluateEncoder } from "@graticule/classify";
 * const config = evaluateConfig.parse({ data: { kind: "image-folder", root: "ucmerced" }, compare: ["random"] });
 * const { evaluations } = await evaluateEncoder("probe", "runs/ucmerced", config);
 * ```
 */
export { type BackendConfig, backendConfig } from "./backend-config.js";
export { channelTreeFields, channelTreeFor } from "./channel-tree-config.js";
export { addCheckpointCommands, type PublishedExport } from "./checkpoint-commands.js";
export {
  appendValue,
  configOption,
  formatTable,
  numberOption,
  numbersOption,
  printConfigOption,
  runProgram,
  stderrLogger,
} from "./command-line.js";
export { type DataConfig, dataConfig } from "./data-config.js";
export { type Encoder, makeRandomEncoder, openEncoder, openPretrainedRun, type PretrainedRun } from "./encoder.js";
export { type Evaluation, type EvaluationResult, evaluateEncoder } from "./evaluate.js";
export { type EvaluateConfig, evaluateConfig } from "./evaluate-config.js";
export { type ExtractedFeatures, extractFeatures, extractPixels } from "./extract-features.js";
export { type FinetuneResult, finetune, readFinetuneConfig } from "./finetune/finetune.js";
export { readFinetuneSettings } from "./finetune/finetune-commands.js";
export { type FinetuneConfig, finetuneConfig } from "./finetune/finetune-config.js";
export { type FinetuneSummary, finetuneSummary } from "./finetune/finetune-summary.js";
export { type ModelOutput, type OpenTunedModel, openTunedModel } from "./finetune/open-tuned-model.js";
export type { SavedModel } from "./finetune/save-tuned.js";
export type { OutputMeaning } from "./finetune/tasks/task.js";
export {
  type HyperspectralModelConfig,
  hyperspectralConfigFor,
} from "./hyperspectral-model-config.js";
export { type MaeModelConfig, maeConfigFor } from "./mae-model-config.js";
export { type MaskedModelConfig, maskedModelConfig } from "./masked-model-config.js";
export { datasetSpec, type Split } from "./open-dataset.js";
export { PROBE_FILE } from "./predict/image-classifier.js";
export { type MapRasterOptions, mapRaster, type RasterMap } from "./predict/map-raster.js";
export { type Prediction, predictImages } from "./predict/predict-images.js";
export { openWindowModel, type WindowModel } from "./predict/window-model.js";
export { presetPath } from "./preset-path.js";
export { readProbe, type StoredProbe, writeProbe } from "./probe-file.js";
export { makeProgressLine, type ProgressStream } from "./progress-line.js";
export { type DividedModel, divideModel, type ModelDivision } from "./ranks/divide-model.js";
export { gatherChannels } from "./ranks/gather-channels.js";
export { addRanksOption, onEachRank, type RanksFlags } from "./ranks/on-ranks.js";
export { type ParallelConfig, parallelConfig, parallelMayChange } from "./ranks/parallel-config.js";
export { placeRanks } from "./ranks/place-ranks.js";
export { type RankShare, shareOf } from "./ranks/rank-share.js";
export type { RanksRunOptions } from "./ranks/ranks-run-options.js";
export { addRunCommands, type RunCommandsOptions } from "./ranks/run-commands.js";
export { type RunFlags, type RunSettings, readRunSettings } from "./ranks/run-settings.js";
export { arraysFromFirstRank, fromFirstRank, ownTasks, sumOverData } from "./ranks/share-values.js";
export { tasksInOrder } from "./ranks/tasks-in-order.js";
export { readConfig, readRunConfig } from "./read-config.js";
export { type ReportPart, type ReportPartName, updateReport } from "./run-report.js";
export { type ClassifyServer, openClassifyServer, type ServeOptions } from "./serve/classify-server.js";
export { exportRun } from "./weights/export-run.js";
export { type ImportConfig, importConfig } from "./weights/import-config.js";
export { type ImportResult, importRun } from "./weights/import-run.js";
export { type FamilyName, familyNames } from "./weights/named-families.js";
export { type OpenWeights, openWeights } from "./weights/open-weights.js";
export { readPublishedSettings } from "./weights/published-settings.js";
export { writeTensorFile } from "./weights/write-tensor-file.js";
