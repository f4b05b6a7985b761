import {
  configOption,
  makeProgressLine,
  presetPath,
  printConfigOption,
  readConfig,
  stderrLogger,
} from "@graticule/classify";
import { printConfig } from "@graticule/config";
import { formatBytes } from "@graticule/core";
import { writeSimulation } from "@graticule/data-era5";
import type { Command } from "commander";
import { folderBytes } from "../folder-bytes.js";
import { inspect } from "../inspect.js";
import { prepare } from "../prepare.js";
import { type PrepareConfig, prepareConfig } from "../prepare-config.js";
import { presetsFolder } from "../presets-folder.js";
import { type SimulateConfig, simulateConfig } from "../simulate-config.js";

/** Adds what makes and shows data: `simulate`, `prepare`, `inspect`. */
export function addDataCommands(program: Command): void {
  program
    .command("simulate")
    .description("Make weather without a download: a barotropic flow on the sphere, as NetCDF for each year.")
    .argument("[overrides...]", "settings as a.b=c, e.g. truncation=42 times.to=2011 seed=1")
    .addOption(configOption())
    .option("-o, --out <folder>", "folder of the files", "simulation")
    .addOption(printConfigOption())
    .addHelpText(
      "after",
      `
Examples:
  graticule-forecast simulate --out simulation
  graticule-forecast simulate truncation=42 times.from=2001 times.to=2011 seed=1 --out t42`,
    )
    .action(async (overrides: string[], flags: { config: string[]; out: string; printConfig?: boolean }) => {
      const config = await readConfig(simulateConfig, { files: flags.config, overrides });
      if (flags.printConfig) process.stdout.write(printConfig(config));
      else await simulateAndReport(flags.out, config);
    });

  program
    .command("prepare")
    .description("Make a training store: regrid, pack, measure. Run it again to go on after an interruption.")
    .argument("[overrides...]", "settings as a.b=c, e.g. sources=[era5.zarr] channels=[z500,t2m] grid.kind=regular")
    .option("-p, --preset <name>", "settings to start from: quickstart-prepare, global-prepare, london-prepare")
    .addOption(configOption())
    .option("-o, --out <folder>", "folder of the store", "store")
    .addOption(printConfigOption())
    .addHelpText(
      "after",
      `
Examples:
  graticule-forecast prepare --config era5.yaml --out stores/era5
  graticule-forecast prepare sources=[era5/*.nc] channels=[t2m,msl] splits.train=[2013,2014] splits.test=[2014,2015]
  graticule-forecast prepare --config era5.yaml dtype=int16 times.stepHours=6 --print-config`,
    )
    .action(
      async (overrides: string[], flags: { preset?: string; config: string[]; out: string; printConfig?: boolean }) => {
        const files = [...(flags.preset ? [await presetPath(presetsFolder, flags.preset)] : []), ...flags.config];
        const config = await readConfig(prepareConfig, { files, overrides });
        if (flags.printConfig) process.stdout.write(printConfig(config));
        else await prepareAndReport(flags.out, config);
      },
    );

  program
    .command("inspect")
    .description("Show what a store, or a file of weather data, holds.")
    .argument("<uri>", "folder of a store; file, folder, zip or URL of NetCDF, HDF5 or Zarr")
    .addHelpText(
      "after",
      "\nExamples:\n  graticule-forecast inspect stores/era5\n  graticule-forecast inspect era5.zarr",
    )
    .action(async (uri: string) => {
      process.stdout.write(`${await inspect(uri)}\n`);
    });
}

async function prepareAndReport(out: string, config: PrepareConfig): Promise<void> {
  const { times, shape, statistics } = await prepare(out, config, {
    logger: stderrLogger,
    onProgress: makeProgressLine(process.stderr),
  });
  const [channels, height, width] = shape;
  const splits = Object.keys(statistics.splits).join(", ");
  process.stdout.write(
    `store: ${out}\n${times} times of ${channels} channels on ${height} x ${width}, ${formatBytes(await folderBytes(out))}; splits ${splits}\n`,
  );
}

async function simulateAndReport(out: string, config: SimulateConfig): Promise<void> {
  const showProgress = makeProgressLine(process.stderr);
  const { files, times } = await writeSimulation(out, config, (done, total) => showProgress("fields", done, total));
  process.stdout.write(
    `simulation: ${out}\n${times} times of vo, u, v and strf at 500 hPa in ${files.length} files, ${formatBytes(await folderBytes(out))}\nnext: graticule-forecast prepare "sources=[${out}/*.nc]" channels=[vo500,u500,v500] splits.train=[FROM,TO]\n`,
  );
}
