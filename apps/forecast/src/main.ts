import { addCheckpointCommands, runProgram } from "@graticule/classify";
import { Command } from "commander";
import { climaxExport } from "./commands/climax-export.js";
import { addDataCommands } from "./commands/data-commands.js";
import { addForecastCommands } from "./commands/forecast-commands.js";
import { addImportCommand } from "./commands/import-command.js";
import { addTrainCommands } from "./commands/train-commands.js";

const program = new Command("graticule-forecast").description("Weather forecasting.").showHelpAfterError();

addDataCommands(program);
addTrainCommands(program);
addImportCommand(program);
addCheckpointCommands(program, climaxExport);
addForecastCommands(program);

await runProgram(program);
