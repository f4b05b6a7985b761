import { formatTrainableParameters } from "@graticule/adapters";
import { printConfig } from "@graticule/config";
import { ConfigError } from "@graticule/core";
import type { Command } from "commander";
import { backendConfig } from "../backend-config.js";
import { configOption, formatTable, numberOption, printConfigOption, stderrLogger } from "../command-line.js";
import { readConfig, readRunConfig } from "../read-config.js";
import { answerQuestion } from "./answer-question.js";
import { describeImageText, formatDescription } from "./describe-model.js";
import { finetuneImageText } from "./finetune-image-text.js";
import { type ImageTextFinetuneConfig, imageTextFinetuneConfig } from "./image-text-config.js";
import { importImageText } from "./import-model.js";
import { readImageTextConfig } from "./model-folder.js";
import { newModelConfig, writeNewModel } from "./new-model.js";

interface FinetuneFlags {
  readonly out: string;
  readonly config?: string[];
  readonly printConfig?: boolean;
  readonly json?: boolean;
}

/** Adds `image-text` and its commands. */
export function addImageTextCommands(program: Command): void {
  const name = `${program.name()} image-text`;
  const group = program
    .command("image-text")
    .description(
      "Models that answer questions about images: MiniCPM-V 2.6's layout with MiniCPM3's decoder (FM9G4B-V).",
    );
  addModelCommands(group, name);
  addTuningCommands(group, name);
  addAnswerCommand(group, name);
}

function addModelCommands(group: Command, name: string): void {
  group
    .command("describe")
    .description("Print parameters, operations and memory of a model, from its configuration alone.")
    .argument("<source>", "config.json, or the folder of a model")
    .option("--batch <rows>", "rows, with an image each", numberOption("count"), 1)
    .option("--image <size>", "[H, W] in pixels", "[448,448]")
    .option("--text <tokens>", "tokens of question and marks", numberOption("count"), 48)
    .option("--answer <tokens>", "tokens of an answer", numberOption("count"), 8)
    .option("--rank <rank>", "of LoRA on the decoder's layers", numberOption("count"), 8)
    .option("--ranks <processes>", "that share the state of full fine-tuning", numberOption("count"), 8)
    .option("--json", "print all of it as one line of JSON")
    .action(async (source: string, flags: DescribeFlags) => {
      const imageSize = JSON.parse(flags.image) as [number, number];
      const { batch, text: textTokens, answer: answerTokens, rank: loraRank, ranks } = flags;
      const options = { batch, imageSize, textTokens, answerTokens, loraRank, ranks };
      const description = describeImageText(await readImageTextConfig(source), options);
      process.stdout.write(`${flags.json ? JSON.stringify(description) : formatDescription(description)}\n`);
    });

  group
    .command("import")
    .description("Copy a published model, with every tensor checked against its config.json, as safetensors.")
    .argument("<source>", "folder with config.json, tokenizer files and weights")
    .requiredOption("-o, --out <folder>", "folder to write")
    .action(async (source: string, { out }: { out: string }) => {
      process.stdout.write(`${await importImageText(source, out)} tensors: ${out}\n`);
    });

  group
    .command("new")
    .description("Write a small model with random weights, and a tokenizer for the classes of some images.")
    .argument("[overrides...]", "settings as a.b=c, e.g. data.root=DIR decoder.depth=3")
    .requiredOption("-o, --out <folder>", "folder to write")
    .addOption(configOption())
    .addHelpText("after", `\nExamples:\n  ${name} new data.root=UCMerced --out models/small`)
    .action(async (overrides: string[], { out, config: files = [] }: FinetuneFlags) => {
      const presets = [{ name: "image folder", value: { data: { kind: "image-folder" } } }];
      const parameters = await writeNewModel(out, await readConfig(newModelConfig, { presets, files, overrides }));
      process.stdout.write(`${(parameters / 1e6).toFixed(2)} M parameters: ${out}\n`);
    });
}

interface DescribeFlags {
  readonly batch: number;
  readonly image: string;
  readonly text: number;
  readonly answer: number;
  readonly rank: number;
  readonly ranks: number;
  readonly json?: boolean;
}

function addTuningCommands(group: Command, name: string): void {
  group
    .command("finetune")
    .description("Train a model to answer questions about images with the names of their classes: LoRA, or all of it.")
    .argument("<model>", "folder of a model, or of a run that was fine-tuned")
    .argument("[overrides...]", "settings as a.b=c, e.g. data.root=DIR tune.method=full")
    .requiredOption("-o, --out <folder>", "folder of the new run")
    .addOption(configOption())
    .addOption(printConfigOption())
    .option("--json", "print cost and scores as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  ${name} finetune FM9G4B-V data.root=UCMerced backend.precision=bf16 "train.recompute=llm.model.layers.*" --out runs/lora
  ${name} finetune models/small data.root=UCMerced image.size=[64,64] tune.method=full optimizer.learningRate=1e-3 --out runs/full
  ${name} finetune models/small data.root=UCMerced image.size=[64,64] head=classes --out runs/classes`,
    )
    .action(async (from: string, overrides: string[], flags: FinetuneFlags) => {
      const presets = [{ name: "model", value: { from, data: { kind: "image-folder" } } }];
      const config = await readConfig(imageTextFinetuneConfig, { presets, files: flags.config ?? [], overrides });
      if (flags.printConfig) process.stdout.write(printConfig(config));
      else await tuneAndReport(flags.out, config, { ...flags, resume: false });
    });

  group
    .command("resume")
    .description("Go on with an interrupted fine-tuning run from its newest checkpoint.")
    .argument("<run>", "run folder")
    .argument("[overrides...]", "settings that may change: train.epochs, loader.*, backend.threads")
    .option("--json", "print cost and scores as one line of JSON")
    .action(async (run: string, overrides: string[], flags: Pick<FinetuneFlags, "json">) => {
      const config = await readRunConfig(imageTextFinetuneConfig, run, overrides);
      await tuneAndReport(run, config, { ...flags, resume: true });
    });
}

async function tuneAndReport(
  runFolder: string,
  config: ImageTextFinetuneConfig,
  { resume, json }: { readonly resume: boolean; readonly json?: boolean },
): Promise<void> {
  const began = performance.now();
  const { step, trainable, saved } = await finetuneImageText(runFolder, config, {
    resume,
    logger: stderrLogger,
    progressStream: process.stderr,
  });
  if (!saved) {
    process.stderr.write(`stopped at step ${step}; go on with: graticule-classify image-text resume ${runFolder}\n`);
    return;
  }
  const { method } = config.tune;
  const { loss, accuracy, images } = saved.scores;
  const seconds = (performance.now() - began) / 1000;
  if (json) process.stdout.write(`${JSON.stringify({ method, seconds, trained: trainable.count, ...saved })}\n`);
  else
    process.stdout.write(
      `${formatTrainableParameters(trainable).split("\n").at(-1)}\n${formatTable(
        ["method", "head", "accuracy", "loss", "images"],
        [[method, config.head, `${(100 * accuracy).toFixed(1)} %`, loss.toFixed(3), `${images} of ${saved.split}`]],
      )}\nmodel: ${saved.folder}\n`,
    );
}

interface AnswerFlags {
  readonly maxTokens: number;
  readonly topP?: string;
  readonly temperature: string;
  readonly seed: number;
  readonly memoryLimit?: string;
  readonly device: string;
  readonly precision: "fp32" | "bf16";
}

function addAnswerCommand(group: Command, name: string): void {
  group
    .command("answer")
    .description("Answer a question about an image, printed as it is written.")
    .argument("<model>", "folder of a model, or of a run that was fine-tuned")
    .argument("<image>", "JPEG, PNG or TIFF file with three bands")
    .argument("[question]", "the first that the model was tuned with unless given")
    .option("--max-tokens <count>", "tokens of an answer at most", numberOption("count"), 64)
    .option("--top-p <share>", "draw from the likeliest tokens that together have this probability")
    .option("--temperature <number>", "below 1 the likely become likelier", "1")
    .option("--seed <number>", "of drawing", numberOption("seed"), 0)
    .option("--memory-limit <GiB>", "for weights; layers that don't fit are read anew for each token")
    .option("--device <device>", "cpu, cuda, cuda:1, mps", "cpu")
    .option("--precision <precision>", "fp32 or bf16", "fp32")
    .addHelpText(
      "after",
      `\nExamples:\n  ${name} answer runs/lora harbor.jpg\n  ${name} answer FM9G4B-V harbor.jpg "How many boats are there?" --memory-limit 3 --precision bf16`,
    )
    .action(async (model: string, image: string, question: string | undefined, flags: AnswerFlags) => {
      const { maxTokens: maxNewTokens, seed, device, precision } = flags;
      const sampling = flags.topP && {
        sampling: {
          topP: positive("--top-p", flags.topP),
          temperature: positive("--temperature", flags.temperature),
          seed,
        },
      };
      const limit = flags.memoryLimit && { memoryLimit: positive("--memory-limit", flags.memoryLimit) * 2 ** 30 };
      const options = { backend: backendConfig.parse({ device, precision }), maxNewTokens, logger: stderrLogger };
      for await (const part of answerQuestion(model, image, {
        ...options,
        ...(question && { question }),
        ...sampling,
        ...limit,
      }))
        process.stdout.write(part);
      process.stdout.write("\n");
    });
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new ConfigError(`${option}: expected a number above 0, got '${text}'.`);
}
