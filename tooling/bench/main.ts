import { Command } from "commander";
import { benchOps } from "./ops.js";
import { benchSoak } from "./soak.js";
import { benchStep } from "./step.js";

/**
 * `npm run bench -- NAME [options]`: each benchmark runs ours and the peers in turn and prints one line of JSON.
 */
const program = new Command("bench").description("Benchmarks beside their peers; one JSON line each.");

program
  .command("step")
  .description("One MAE training step: forward, backward, AdamW.")
  .option("--model <preset>", "tiny, small, base, large, huge", "base")
  .option("--batch <images>", "images of one step", Number, 32)
  .option("--dtype <dtype>", "fp32 or bf16", "bf16")
  .option("--threads <count>", "threads for kernels", Number, 2)
  .option("--steps <count>", "timed steps of one run", Number, 3)
  .option("--pairs <count>", "runs of each side, in turn", Number, 3)
  .option("--peer", "run PyTorch's step too (needs ../shared/peers/mae_step.py and a Python with torch)")
  .option("--json", "accepted for symmetry: the output is always JSON")
  .action(async (options) => {
    process.stdout.write(`${JSON.stringify(await benchStep(options))}\n`);
  });

program
  .command("ops")
  .description("Fused operations, forward and backward, beside the same composed of plain tfjs operations.")
  .option("--dtype <dtype>", "fp32 or bf16", "fp32")
  .option("--threads <count>", "threads for kernels", Number, 2)
  .option("--pairs <count>", "runs of each side, in turn", Number, 7)
  .option("--only <name>", "one operation")
  .action(async (options) => {
    process.stdout.write(`${JSON.stringify(await benchOps(options))}\n`);
  });

program
  .command("soak")
  .description("Many steps of a tiny model: live bytes and resident memory must stay flat.")
  .option("--steps <count>", "steps after the warm-up", Number, 2000)
  .action(async (options) => {
    process.stdout.write(`${JSON.stringify(await benchSoak(options))}\n`);
  });

await program.parseAsync();
