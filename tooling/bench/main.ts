import { channelVitPresets, vitPresets } from "@graticule/models";
import { Command, Option } from "commander";
import { benchAllocator } from "./benches/allocator.js";
import { benchChannels } from "./benches/channels.js";
import { benchCollectives } from "./benches/collectives.js";
import { benchData, benchDataTrain, dataPaths } from "./benches/data.js";
import { benchDchag } from "./benches/dchag.js";
import { benchEquality, equalityModels } from "./benches/equality.js";
import { benchFsdp } from "./benches/fsdp.js";
import { benchAdamW, benchAttention, benchGemm, benchLayerNorm, benchOpOverhead } from "./benches/kernels.js";
import { benchLora } from "./benches/lora.js";
import { benchMultimodal } from "./benches/multimodal.js";
import { benchOffload } from "./benches/offload.js";
import { benchOps } from "./benches/ops.js";
import { benchOwnChannels } from "./benches/own-channels.js";
import { benchRegrid } from "./benches/regrid.js";
import { benchServe } from "./benches/serve.js";
import { benchSoak } from "./benches/soak.js";
import { benchStep } from "./benches/step.js";
import { benchTechniques } from "./benches/techniques.js";
import { benchFaults } from "./faults/bench-faults.js";
import { dtype, json, model, numbers, profile, steps, threads, words } from "./harness/options.js";

/**
 * `npm run bench -- NAME [options]`: each benchmark runs ours and the peers in turn and prints one line of JSON.
 */
const program = new Command("bench").description("Benchmarks beside their peers; one JSON line each.");

function bench(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--pairs <count>", "runs of each side, in turn", Number, 3)
    .option("--peer [names]", "run peers too: the usual ones, or those named, as a,b")
    .addOption(json());
}

function sized(command: Command, batch: number): Command {
  return command
    .addOption(model(vitPresets, "base"))
    .option("--batch <images>", "images of one call", Number, batch)
    .addOption(dtype("bf16"))
    .addOption(threads());
}

function stepBench(name: "step" | "finetune-step" | "inference", description: string): void {
  sized(bench(name, description), 32)
    .addOption(steps())
    .addOption(profile())
    .action(async (options) => print(await benchStep(name, options)));
}

stepBench("step", "One MAE training step: forward, backward, AdamW.");
stepBench("finetune-step", "One step of a ViT classifier: forward, cross-entropy, backward, AdamW.");
stepBench("inference", "A ViT classifier's forward pass.");

sized(bench("lora", "A ViT classifier's step with LoRA; peers: `peft`, and our own `full` fine-tuning."), 16)
  .addOption(steps())
  .option("--lora-rank <count>", "rank of the updates", Number, 8)
  .option("--targets <layers>", "layers of each block, as a,b", "qkv,proj,fc1,fc2")
  .addOption(profile())
  .action(async (options) => print(await benchLora(options)));

sized(bench("gemm", "Matrix products of a transformer block, forward and backward."), 32).action(async (options) =>
  print(await benchGemm(options)),
);
sized(bench("attention", "Fused self-attention, forward, and forward with backward."), 2)
  .option("--tokens <counts>", "lengths of the sequence, as a,b", numbers, [197, 784, 2048])
  .action(async (options) => print(await benchAttention(options)));
sized(bench("layernorm", "Layer norm, forward, and forward with backward."), 32).action(async (options) =>
  print(await benchLayerNorm(options)),
);
sized(bench("adamw", "One AdamW update of a ViT's blocks, and its share of memory bandwidth."), 1).action(
  async (options) => print(await benchAdamW(options)),
);
bench("op-overhead", "Microseconds of an op on one number.").action(async (options) =>
  print(await benchOpOverhead(options)),
);

bench("data", "The loader on files of each kind, by numbers of workers; a line for each.")
  .option("--paths <names>", "some of the kinds, as a,b", words, Object.keys(dataPaths))
  .option("--workers <counts>", "numbers of workers, as a,b", numbers, [1, 2, 4])
  .option("--train", "instead: how long steps of ViT-Base wait on the loader")
  .action(async (options) => {
    if (options.train) return print(await benchDataTrain(options));
    for await (const result of benchData(options)) print(result);
  });

program
  .command("own-channels")
  .description(
    "Bytes and samples a second that a rank of D-CHAG reads of a bf16 store, beside a reader of all channels.",
  )
  .option("--channels <count>", "of a record", Number, 512)
  .option("--tp <counts>", "ranks that divide them, as a,b", numbers, [2, 4, 8])
  .option("--workers <count>", "of the loader", Number, 1)
  .option("--pairs <count>", "runs of each", Number, 5)
  .action(async (options) => print(await benchOwnChannels(options)));

bench("regrid", "Fields of 721 x 1440 onto 32 x 64 and 128 x 256, bilinear and conservative.")
  .option("--fields <count>", "fields of one call", Number, 8)
  .action(async (options) => print(await benchRegrid(options)));

program
  .command("serve")
  .description("Requests a second of `graticule-classify serve`, with forward passes shared by clients and without.")
  .addOption(model(vitPresets, "small"))
  .option("--batch <images>", "images of a shared pass at most", Number, 16)
  .addOption(dtype("fp32"))
  .addOption(threads())
  .option("--clients <counts>", "as a,b", numbers, [1, 16])
  .option("--seconds <count>", "of each case", Number, 5)
  .option("--pairs <count>", "runs", Number, 3)
  .addOption(json())
  .action(async ({ json: _, ...options }) => print(await benchServe(options)));

bench("channels", "A training step of a ChannelVit, by number of channels and kind of tree.")
  .addOption(model(channelVitPresets, "small"))
  .option("--channels <counts>", "channels, as a,b", numbers, [32, 128, 512, 1024])
  .option("--outputs <count>", "channels of the prediction; all unless given", Number)
  .option("--trees <names>", "as a,b", words, [
    "flat",
    "tree0-linear",
    "tree0-cross-attention",
    "tree4-cross-attention",
  ])
  .option("--groups <count>", "groups of every tree", Number, 8)
  .option("--batch <samples>", "samples of one step", Number, 8)
  .addOption(dtype("bf16"))
  .addOption(threads())
  .addOption(steps())
  .addOption(profile())
  .action(async (options) => print(await benchChannels(options)));

program
  .command("dchag")
  .description("Channels distributed over MPI ranks beside tensor parallelism alone; a line for each case and tree.")
  .option("--width <count>", "embedDim", Number, 128)
  .option("--depth <count>", "blocks", Number, 2)
  .option("--heads <count>", "heads, a multiple of the ranks", Number, 8)
  .option("--cases <list>", "channels x ranks, as a,b", words, ["512x4", "1024x8"])
  .option("--trees <names>", "as a,b", words, ["tree0-linear", "tree0-cross-attention"])
  .option("--outputs <count>", "channels of the prediction", Number, 5)
  .addOption(
    new Option(
      "--baseline <way>",
      "all channels on every rank: same tree, flat; or own channels and all tokens gathered",
    )
      .choices(["same", "flat", "gather-all"])
      .default("same"),
  )
  .option("--batch <samples>", "samples of one step", Number, 8)
  .addOption(dtype("fp32"))
  .option("--threads <count>", "threads of each rank's kernels", Number, 1)
  .addOption(steps())
  .option("--pairs <count>", "runs of each side, in turn", Number, 1)
  .addOption(json())
  .action(async (options) => {
    for await (const result of benchDchag(options)) print(result);
  });

program
  .command("equality")
  .description(
    "Tiny models on every mesh beside one rank: losses, gradient norms, weights; exit code 1 if one differs.",
  )
  .option("--models <names>", "as a,b; '' for none", words, equalityModels)
  .option("--ranks <counts>", "as a,b", numbers, [1, 2, 4, 8])
  .addOption(new Option("--precision <precision>", "fp32 or bf16").choices(["fp32", "bf16"]).default("fp32"))
  .option(
    "--drawn <count>",
    "also so many models of odd sizes on drawn meshes of the largest number of ranks",
    Number,
    0,
  )
  .option("--seed <number>", "of the first of them", Number, 0)
  .option("--json", "rows as JSON instead of a table")
  .action(async (options) => {
    process.exitCode = (await benchEquality(options)) ? 0 : 1;
  });

sized(
  bench(
    "fsdp",
    "A ViT-MAE's step on MPI ranks: FULL_SHARD and its like beside data parallelism; peers: PyTorch's DDP and FSDP over gloo.",
  ),
  4,
)
  .addOption(steps())
  .option("--ranks <count>", "MPI ranks", Number, 2)
  .option("--strategies <names>", "as a,b", words, ["FULL_SHARD", "SHARD_GRAD_OP"])
  .action(async (options) => print(await benchFsdp(options)));

sized(
  bench(
    "offload",
    "A ViT-MAE's FULL_SHARD step with parameters and optimizer state on the disk beside the same in memory.",
  ),
  4,
)
  .addOption(steps())
  .option("--ranks <count>", "MPI ranks", Number, 1)
  .option("--folder <path>", "a folder on the disk", ".")
  .action(async (options) => print(await benchOffload(options)));

bench("techniques", "A ViT classifier's step with LoRA, bf16, recompute, offload and ZeRO-3, each alone beside none.")
  .addOption(model(vitPresets, "base"))
  .option("--batch <images>", "images of one step, on all ranks", Number, 8)
  .option("--threads <count>", "threads for kernels, of all ranks", Number, 2)
  .addOption(steps(2))
  .option("--folder <path>", "a folder on the disk", ".")
  .action(async (options) => {
    for await (const result of benchTechniques(options)) print(result);
  });

program
  .command("multimodal")
  .description("The 4B image-text model at full width: loaded whole and within a limit, and LoRA steps on few layers.")
  .option("--folder <path>", "a folder on a disk with room for the checkpoint, 9.4 GB of all layers", ".")
  .option("--layers <count>", "decoder layers of the model that is loaded; 0 for none", Number, 62)
  .option("--blocks <count>", "blocks of its vision tower", Number, 27)
  .option("--limit <GiB>", "for the weights of the run whose layers are streamed", Number, 3)
  .option("--train-layers <count>", "decoder layers of the model that is trained; 0 for none", Number, 2)
  .option("--train-blocks <count>", "blocks of its vision tower", Number, 2)
  .option("--lora-rank <count>", "rank of the updates", Number, 8)
  .option("--image-side <pixels>", "of the one image, a multiple of 14", Number, 448)
  .option("--text <tokens>", "tokens beside the image's 64", Number, 64)
  .addOption(dtype("bf16"))
  .addOption(threads())
  .option("--steps <count>", "steps of training", Number, 6)
  .addOption(json())
  .action(async (options) => {
    for await (const result of benchMultimodal(options)) print(result);
  });

program
  .command("ops")
  .description("Fused operations, forward and backward, beside the same composed of plain tfjs operations.")
  .addOption(dtype("fp32"))
  .addOption(threads())
  .option("--pairs <count>", "runs of each side, in turn", Number, 7)
  .option("--only <name>", "one operation")
  .action(async (options) => print(await benchOps(options)));

bench("collectives", "Collectives of @graticule/mpi beside the MPI library's own, in C++, on as many ranks.")
  .option("--ranks <count>", "processes", Number, 2)
  .option("--kilobytes <sizes>", "of the whole buffer, as a,b", numbers, [1, 16, 256, 4096, 65_536])
  .action(async (options) => print(await benchCollectives(options)));

program
  .command("faults")
  .description(
    "Small runs on MPI ranks that are killed, stopped, starved of disk and robbed of checkpoints, then resumed.",
  )
  .option("--kills <count>", "faults, over all runs", Number, 20)
  .option("--seed <number>", "draws faults, ranks and moments", Number, 0)
  .option("--deadline <seconds>", "of operations between ranks", Number, 20)
  .addOption(json())
  .action(async (options) => {
    const result = await benchFaults({ ...options, log: (line) => process.stderr.write(`${line}\n`) });
    print(result);
    if ((result.wrong as readonly string[]).length > 0) process.exitCode = 1;
  });

program
  .command("soak")
  .description("Many steps of a tiny model: live bytes and resident memory must stay flat.")
  .option("--steps <count>", "steps after the warm-up", Number, 2000)
  .action(async (options) => print(await benchSoak(options)));

program
  .command("allocator")
  .description("39 MB elementwise ops and bf16 MAE steps under the backend's allocator and under glibc's.")
  .addOption(model(vitPresets, "small"))
  .option("--batch <images>", "images of one step", Number, 16)
  .addOption(threads())
  .addOption(steps())
  .option("--pairs <count>", "runs of each allocator, in turn", Number, 1)
  .action(async (options) => print(await benchAllocator(options)));

await program.parseAsync();

function print(result: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
