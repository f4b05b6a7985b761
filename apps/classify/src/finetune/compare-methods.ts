import { spawn } from "node:child_process";
import { ConfigError } from "@graticule/core";
import type { Command } from "commander";
import { appendValue } from "../command-line.js";
import { type FinetuneSummary, summaryTable } from "./finetune-summary.js";

/** A name and the settings that differ. */
interface Variant {
  readonly name: string;
  readonly overrides: readonly string[];
}

const METHODS = [
  "full tune.method=full",
  "lora tune.method=lora",
  "last-1 tune.method=last-blocks",
  "linear tune.method=linear",
];

/** Adds `compare-methods`. */
export function addCompareMethodsCommand(program: Command): void {
  const name = program.name();
  program
    .command("compare-methods")
    .description("Fine-tune a run's encoder in several ways, and compare what they train, cost and score.")
    .argument("<run>", "folder of a run, pretrained or imported, or one of its checkpoints")
    .argument("[overrides...]", "settings of all of them")
    .requiredOption("-o, --out <folder>", "folder of the runs")
    .option(
      "--variant <name and overrides>",
      "a name and what differs, e.g. 'last-2 tune.method=last-blocks tune.lastBlocks=2'; give it again for more; full, lora, last-1 and linear unless given",
      appendValue,
      [],
    )
    .option("--json", "print all as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  ${name} compare-methods runs/mae data.root=UCMerced train.epochs=30 --out runs/methods
  ${name} compare-methods runs/mae data.root=UCMerced --variant "r4 tune.method=lora tune.lora.rank=4" --variant "r16 tune.method=lora tune.lora.rank=16" --out runs/ranks`,
    )
    .action(async (run: string, overrides: string[], { out, variant, json }: CompareFlags) => {
      const variants = (variant.length > 0 ? variant : METHODS).map(parseVariant);
      const summaries: FinetuneSummary[] = [];
      for (const { name, overrides: own } of variants) {
        const args = ["finetune", run, ...overrides, ...own, "--out", `${out}/${name}`, "--json"];
        summaries.push({ ...(JSON.parse(await runItself(args)) as FinetuneSummary), method: name });
      }
      process.stdout.write(`${json ? JSON.stringify(summaries) : summaryTable(summaries)}\n`);
    });
}

interface CompareFlags {
  readonly out: string;
  readonly variant: readonly string[];
  readonly json?: boolean;
}

function parseVariant(text: string): Variant {
  const [name = "", ...overrides] = text.trim().split(/\s+/);
  if (/^[\w.-]+$/.test(name) && !name.includes("=")) return { name, overrides };
  throw new ConfigError(`--variant: expected a name and overrides, got '${text}'. E.g. 'last-2 tune.lastBlocks=2'.`);
}

/** Each run is a process of its own, so that none has memory of the one before. @throws {ConfigError} if it fails. */
function runItself(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      // A run that a signal stops saves, ends well and prints no scores.
      if (code === 0 && text !== "") resolve(text);
      else {
        const got = code === 0 ? "a run that was stopped" : `exit code ${code}`;
        reject(new ConfigError(`compare-methods: expected '${args.join(" ")}' to end with scores, got ${got}.`));
      }
    });
  });
}
