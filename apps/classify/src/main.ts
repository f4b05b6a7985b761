import { join } from "node:path";
import { printConfig } from "@graticule/config";
import { formatBytes } from "@graticule/core";
import { Command, Option } from "commander";
import { appendValue, configOption, formatTable, printConfigOption, runProgram, stderrLogger } from "./command-line.js";
import { openPretrainedRun } from "./encoder.js";
import { type Evaluation, evaluateEncoder } from "./evaluate.js";
import { evaluateConfig } from "./evaluate-config.js";
import { comparisonTable, evaluationReport } from "./evaluation-report.js";
import { addCompareMethodsCommand } from "./finetune/compare-methods.js";
import { addFinetuneCommands } from "./finetune/finetune-commands.js";
import { addImageTextCommands } from "./image-text/image-text-commands.js";
import { PROBE_FILE } from "./predict/image-classifier.js";
import { addPredictCommand } from "./predict/predict-command.js";
import { writeProbe } from "./probe-file.js";
import { readConfig } from "./read-config.js";
import { updateReport } from "./run-report.js";
import { addServeCommand } from "./serve/serve-command.js";
import { exportRun } from "./weights/export-run.js";
import { importConfig } from "./weights/import-config.js";
import { importRun } from "./weights/import-run.js";
import { type FamilyName, familyNames } from "./weights/named-families.js";
import { readPublishedSettings } from "./weights/published-settings.js";

interface EvaluateFlags {
  readonly config?: string[];
  readonly printConfig?: boolean;
  readonly json?: boolean;
}

async function evaluate(
  method: "probe" | "knn",
  run: string,
  overrides: readonly string[],
  flags: EvaluateFlags,
): Promise<void> {
  const { checkpoint, run: stored } = await openPretrainedRun(run);
  const config = await readConfig(evaluateConfig, {
    presets: [{ name: checkpoint.path, value: { data: stored.data } }],
    files: flags.config ?? [],
    overrides,
  });
  if (flags.printConfig) {
    process.stdout.write(printConfig(config));
    return;
  }
  const result = await evaluateEncoder(method, run, config, stderrLogger);
  const [{ classifier, classNames }] = result.evaluations as [Evaluation, ...Evaluation[]];
  if (classifier) {
    const { encoderHash } = result;
    await writeProbe(join(run, PROBE_FILE), { classifier, classNames, pool: config.pool, encoderHash });
  }
  const report = await updateReport(run, method, evaluationReport(result));
  const { columns, rows } = comparisonTable(result);
  const scores = result.evaluations.map(({ classifier: _, ...scored }) => scored);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ ...result, evaluations: scores })}\n`
      : `${formatTable(columns, rows)}\nreport: ${report}\n`,
  );
}

const program = new Command("graticule-classify")
  .description("Scene classification with pretrained encoders.")
  .showHelpAfterError();

for (const [method, description] of [
  ["probe", "Fit a linear probe on frozen features and score it on held-out images."],
  ["knn", "Score frozen features by their nearest neighbours."],
] as const)
  program
    .command(method)
    .description(description)
    .argument("<run>", "folder of a run, pretrained or imported, or one of its checkpoints")
    .argument("[overrides...]", "settings as a.b=c, e.g. data.root=DIR compare=[random,pixels]")
    .addOption(configOption())
    .addOption(printConfigOption())
    .option("--json", "print the scores as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  graticule-classify ${method} runs/quickstart
  graticule-classify ${method} runs/ucmerced data.root=UCMerced compare=[random,pixels]
  graticule-classify ${method} runs/ucmerced data.root=UCMerced ${method === "probe" ? "probe.method=sgd" : "knn.k=10"} pool=cls --json`,
    )
    .action((run: string, overrides: string[], flags: EvaluateFlags) => evaluate(method, run, overrides, flags));

addFinetuneCommands(program);
addCompareMethodsCommand(program);
addImageTextCommands(program);

addPredictCommand(program);
addServeCommand(program);

interface ImportFlags {
  readonly as: FamilyName;
  readonly out: string;
  readonly config?: string[];
  readonly printConfig?: boolean;
}

const asOption = (): Option =>
  new Option("--as <family>", "naming of the weights").choices(familyNames).makeOptionMandatory();

program
  .command("import")
  .description("Make a run of published weights, for probe, knn and predict.")
  .argument("<source>", ".safetensors, .safetensors.index.json, .pth or .bin file, or a folder with one")
  .argument("[overrides...]", "settings as a.b=c, e.g. normalization=imagenet toImageSize=[64,64]")
  .addOption(asOption())
  .requiredOption("--out <folder>", "folder of the new run")
  .addOption(configOption())
  .addOption(printConfigOption())
  .addHelpText(
    "after",
    `
Examples:
  graticule-classify import vit_base_patch16_224.safetensors normalization=half --as timm-vit --out runs/vit
  graticule-classify import mae_pretrain_vit_base.pth --as mae --out runs/mae
  graticule-classify import vit-base-patch16-224/ skip=[pooler.**] --as hf-vit --out runs/vit
  graticule-classify import Prithvi_EO_V2_300M.pt normalization=prithvi-2 imageSize=[224,224] --as prithvi --out runs/prithvi`,
  )
  .action(
    async (
      source: string,
      overrides: string[],
      { as, out, config: files = [], printConfig: isPrinted }: ImportFlags,
    ) => {
      const presets = [{ name: `settings beside ${source}`, value: await readPublishedSettings(source) }];
      const config = await readConfig(importConfig, { presets, files, overrides });
      if (isPrinted) {
        process.stdout.write(printConfig(config));
        return;
      }
      const { checkpoint, numTensors, adapted, skipped } = await importRun(source, as, out, config, stderrLogger);
      for (const [name, change] of adapted) process.stdout.write(`adapted ${name}: ${change}\n`);
      for (const name of skipped) process.stdout.write(`skipped ${name}\n`);
      process.stdout.write(`${numTensors} tensors: ${checkpoint}\n`);
    },
  );

program
  .command("export")
  .description("Write a run's weights as safetensors under published names.")
  .argument("<run>", "folder of a run, or one of its checkpoints")
  .addOption(asOption())
  .requiredOption("--out <file>", "safetensors file to write")
  .option("--skip <pattern>", "tensors of the run to leave out; give it again for more", appendValue, [])
  .addHelpText(
    "after",
    `
Examples:
  graticule-classify export runs/ucmerced --as mae --out mae.safetensors
  graticule-classify export runs/ucmerced --as timm-vit --skip decoder_** --skip mask_token --out encoder.safetensors`,
  )
  .action(async (run: string, { as, out, skip }: { as: FamilyName; out: string; skip: string[] }) => {
    const { bytes, sha256 } = await exportRun(run, as, out, skip);
    process.stdout.write(`${out}: ${formatBytes(bytes)}, sha256 ${sha256}\n`);
  });

await runProgram(program);
